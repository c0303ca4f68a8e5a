"""States in a PostgreSQL database."""

from ctsync.state.postgres.store import PostgresStore

STORE = PostgresStore
