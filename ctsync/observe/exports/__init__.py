"""Rows of an export: read, told as lines of entries, and taken into a state."""
