"""Talking to the platform; the only home of requests."""
