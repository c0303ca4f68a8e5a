"""One file a form of a plan, called as `--format` calls it; only one is loaded."""
