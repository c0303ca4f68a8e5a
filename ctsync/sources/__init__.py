"""Where contributions come from: what one place says about one profile."""
