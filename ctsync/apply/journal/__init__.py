"""What was about to be sent, and what came of it: written down, and read again."""
