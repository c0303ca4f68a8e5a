"""What a state keeps of changes, told from their lines in a plan."""
