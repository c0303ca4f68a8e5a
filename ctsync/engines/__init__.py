"""Finding the profiles that may differ, without understanding them."""
