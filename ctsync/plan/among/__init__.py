"""What no profile shows by itself: shared addresses, twins, rows that are gone."""
