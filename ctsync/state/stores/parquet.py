"""States in a folder of Parquet files."""

from ctsync.state.parquet_store import ParquetStore

STORE = ParquetStore
