"""What `ctsync import` does, from the platform, from a file and from the spec."""
