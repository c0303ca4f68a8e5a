"""One file a store, found by its constant; a run loads the one that it needs."""
