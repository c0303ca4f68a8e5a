"""What a shell may offer while somebody types."""
