"""What `ctsync init` does: a new project, and the demo."""
