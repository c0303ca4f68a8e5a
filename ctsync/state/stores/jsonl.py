"""States in a file of JSON Lines."""

from ctsync.state.jsonl_store import JsonlStore

STORE = JsonlStore
