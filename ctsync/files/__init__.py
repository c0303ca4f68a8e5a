"""Opening files that a project names: which may be read, and how safely."""
