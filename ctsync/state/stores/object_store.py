"""States in a bucket."""

from ctsync.state.object_store.store import ObjectStore

STORE = ObjectStore
