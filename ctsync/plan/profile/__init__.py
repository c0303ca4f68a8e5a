"""One profile: what its places want together, and what comes of that."""
