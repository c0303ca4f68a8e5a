"""Calls side by side: which leaves next, what its answer means, and trying again."""
