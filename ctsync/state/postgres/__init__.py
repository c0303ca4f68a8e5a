"""States in a PostgreSQL database."""
