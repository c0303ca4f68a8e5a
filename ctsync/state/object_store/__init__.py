"""States in a bucket."""
