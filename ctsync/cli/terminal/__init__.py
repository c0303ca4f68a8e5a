"""Talking to whoever looks on: words, progress, questions, signals."""
