"""A plan as a comment."""

from ctsync.render.markdown import Markdown

RENDERER = Markdown()
