"""Connections to DuckDB: the one place that knows its settings and its errors.

A connection is closed to extensions and settings from outside, reads the files that it
was opened for and no other, speaks UTC, and spills to a private folder that goes with
it. What a project says in SQL is judged before it is run (`formats.where_filter`); what
slips through there meets a door that is locked as well.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from shutil import rmtree
from tempfile import gettempdir
from typing import TYPE_CHECKING, TypeAlias

from ctsync.errors import CtsyncError
from ctsync.sql_text import quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Connection: TypeAlias = "DuckDBPyConnection"

MEMORY_MIB = 1024  # what one connection may hold before it spills
# Each query over a Parquet file would read again where its thousands of pieces lie.
_SET = """
SET TimeZone = 'UTC';
SET enable_progress_bar = false;
SET parquet_metadata_cache = true"""
# An engine sets these for its own queries, and none of them opens anything.
_STILL_SET = ("memory_limit", "disabled_optimizers", "preserve_insertion_order")


@contextmanager
def open_connection(
    *,
    files: Iterable[Path] = (),
    memory_mib: int = MEMORY_MIB,
    threads: int | None = None,
) -> Generator[Connection]:
    """Return a connection to an empty database that lives as long as the context.

    It can read `files`, and its private folder; nothing else, and no network.

    Raises:
        CtsyncError: in place of what DuckDB raises, where nobody has caught it.
    """
    import duckdb

    with _private_folder() as folder:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": f"{memory_mib}MiB",
            "temp_directory": folder,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "allow_persistent_secrets": False,
            # Else a name in SQL could mean a variable of this process.
            "python_enable_replacements": False,
        }
        if threads is not None:
            settings["threads"] = threads
        connection = duckdb.connect(":memory:", config=settings)
        try:
            connection.execute(_SET)
            connection.execute(_locking(files, folder))
            yield connection
        except duckdb.Error as error:
            raise _stopped(error) from error
        finally:
            connection.close()


@contextmanager
def _private_folder() -> Generator[str]:
    folder = Path(gettempdir(), f"ctsync-{token_hex(16)}")  # nobody guesses it
    try:
        folder.mkdir(mode=0o700)
        yield str(folder)
    finally:
        # It has its name before it is there: a signal between the two leaves nothing.
        rmtree(folder, ignore_errors=True)


def _locking(files: Iterable[Path], folder: str) -> str:
    """Return the settings that leave files, a folder, and nothing else within reach."""
    paths = [spelling for path in files for spelling in {str(path), _no_pattern(path)}]
    # In this order: without access from outside no path is added any more, and once the
    # configuration is locked nothing is set.
    return "; ".join(
        (
            f"SET allowed_paths = {_listed(paths)}",
            f"SET allowed_directories = {_listed([folder])}",
            f"SET allowed_configs = {_listed(_STILL_SET)}",
            "SET enable_external_access = false",
            "SET lock_configuration = true",
        )
    )


def _listed(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(quoted, texts))}]"


def path_in_sql(path: Path) -> str:
    """Return a path as a literal of SQL that DuckDB takes for no pattern."""
    return quoted(_no_pattern(path))


def _no_pattern(path: Path) -> str:
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path))


def _stopped(error: Exception) -> CtsyncError:
    return CtsyncError(
        f"DuckDB could not do its part: {reason_of(error)}",
        hint="make room in the folder that TMPDIR names, and in memory",
        code="engine",
    )


def folder_of(connection: Connection) -> Path:
    """Return the private folder of a connection, which goes with it."""
    query = "SELECT current_setting('temp_directory')"
    ((folder,),) = connection.execute(query).fetchall()
    return Path(folder)


def as_bytes(number: str) -> str:
    """Return the expression for the sixteen bytes of a UHUGEINT, the highest first.

    A number of a fixed size is joined faster than as many bytes.
    """
    return f"unhex(lpad(hex({number}), 32, '0'))"


def as_number(data: str) -> str:
    """Return the expression for the number that sixteen bytes are; NULL for others."""
    return f"CASE WHEN octet_length({data}) = 16 THEN {data}::UUID::UHUGEINT END"


def reason_of(error: Exception) -> str:
    """Say what kept DuckDB, without its own words: they quote values and paths."""
    words = str(error)
    if "No space left" in words or "max_temp_directory_size" in words:
        return "the disk is full"
    return words.partition(":")[0].strip().lower() if ":" in words else "it failed"


def refusals() -> type[Exception]:
    """Return the base of what DuckDB raises; ask only where something was raised."""
    import duckdb

    return duckdb.Error


def is_shortage(error: Exception) -> bool:
    """Return whether it was memory or the disk that did not suffice."""
    return type(error).__name__ == "OutOfMemoryException"
