"""Sessions of Spark: the one place that knows how one is found, and its errors.

Only what Spark Connect has is used of it, so that the same works through
`SPARK_REMOTE`, on a master of one's own, and in this process.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, TypeAlias

from ctsync.errors import CtsyncError

Session: TypeAlias = Any  # classic or of Connect: they share no base that is told

LOCAL = "local[*]"
# Rows of ours are buffers of many profiles: some of them are a batch already.
_BUFFERS_A_BATCH = "spark.sql.execution.arrow.maxRecordsPerBatch"
_SETTINGS = {
    "spark.log.level": "ERROR",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
# Nothing of pandas is used, whichever there is.
_OF_PANDAS = "PySpark does not yet fully support pandas"


@contextmanager
def open_session() -> Generator[Session]:
    """Return the session of this process, or one that ends with the context.

    A new one is that of `SPARK_REMOTE`; else of the master that `SPARK_MASTER` or
    Spark's own settings name; else it runs in this process.

    Raises:
        CtsyncError: Spark is not installed, or does not start; and in place of what
            it raises, where nobody has caught it.
    """
    try:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException
    except ImportError as error:
        hint = "pip install 'ctsync[spark]'"
        message = "the engine spark needs packages that are not installed"
        raise CtsyncError(message, hint=hint, code="engine") from error
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", _OF_PANDAS, FutureWarning)
            with _session() as session:
                yield session
    except (PySparkException, Py4JError) as error:
        raise CtsyncError(
            f"Spark could not do its part: {_first_line(error)}",
            hint="see what its master and its workers log",
            code="engine",
        ) from error


@contextmanager
def _session() -> Generator[Session]:
    from pyspark.sql import SparkSession

    found = SparkSession.getActiveSession()
    session = found or _started(SparkSession.builder.appName("ctsync"))
    try:
        session.conf.set(_BUFFERS_A_BATCH, "16")
        yield session
    finally:
        if found is None:
            session.stop()


def _started(builder: Any) -> Session:
    remote = os.environ.get("SPARK_REMOTE")
    if remote:
        return builder.remote(remote).getOrCreate()
    from pyspark import SparkConf

    master = os.environ.get("SPARK_MASTER")
    if master is None and not SparkConf().contains("spark.master"):
        master = LOCAL
    if master is not None:
        builder = builder.master(master)
    for name, value in _SETTINGS.items():
        builder = builder.config(name, value)
    # Workers on this machine run what runs here, not what PATH has first.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    return builder.getOrCreate()


def _first_line(error: Exception) -> str:
    """Return what went wrong; what follows may quote values."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].partition(":")[0][:120]
