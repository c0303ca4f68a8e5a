"""One file a format of data files: each says how it is read."""
