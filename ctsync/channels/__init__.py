"""The other two doors: files in which a plan reaches the platform without the API."""

from __future__ import annotations

from collections.abc import Mapping

from ctsync.channels.base import Channel
from ctsync.discovery import discover_by_name

CHANNELS: Mapping[str, type[Channel]] = discover_by_name(__name__, "CHANNEL", Channel)
