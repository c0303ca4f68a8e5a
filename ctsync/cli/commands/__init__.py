"""One short file a command; each has a constant `COMMAND`."""
