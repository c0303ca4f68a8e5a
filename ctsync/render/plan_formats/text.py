"""A plan as text for a terminal."""

from ctsync.render.text import Text

RENDERER = Text()
