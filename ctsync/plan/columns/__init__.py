"""Deciding rows in SQL: what kinds say of them, put together as lines of a plan."""
