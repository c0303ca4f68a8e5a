"""Joining a journal to its snapshot, and keeping a record of the run."""
