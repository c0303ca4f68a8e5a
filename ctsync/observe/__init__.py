"""Comparing what was with what is; the home of deepdiff."""
