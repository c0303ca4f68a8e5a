"""A plan as one JSON document."""

from ctsync.render.json_document import JsonDocument

RENDERER = JsonDocument()
