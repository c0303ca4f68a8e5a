"""What `ctsync doctor` looks at."""
