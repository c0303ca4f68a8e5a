"""A plan as JSON Lines."""

from ctsync.render.json_lines import JsonLines

RENDERER = JsonLines()
