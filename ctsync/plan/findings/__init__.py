"""What is wrong with the words of places, with values masked."""
