"""A plan as a page."""

from ctsync.render.html import Html

RENDERER = Html()
