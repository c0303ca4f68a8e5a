"""What `ctsync state` does, and what a state tells of runs."""
