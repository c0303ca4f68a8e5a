"""What is said of an import: a file of the rows that failed, and a summary.

Documented: the failure file is the input with a last column for the reason, and a
webhook may hear of an import. Inferred (I): that it holds the rows that failed and no
others, what the last column is called, where the file lies, and the form of the
summary, which is what the webhook is sent and which lies beside the failure file.
"""

import csv
import json
import logging
import os
from collections.abc import Sequence
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from ipaddress import ip_address
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit, urlunsplit

from msgspec import Struct

from ctsync.sandbox.keys import Json

REASON = "reason"
_WEBHOOK_SECONDS = 5.0
_log = logging.getLogger(__name__)


class ImportReport(Struct, frozen=True):
    """How an import ended: its rows, those that failed, or why there are none."""

    manifest: str
    data_file: str | None = None
    email: str | None = None
    rows: int = 0
    failed: int = 0
    error: str | None = None
    failure_file: str | None = None

    @property
    def status(self) -> str:
        """Return success, partial or fail, as the upload API says it."""
        if self.error is not None or (self.rows and self.failed == self.rows):
            return "fail"
        return "partial" if self.failed else "success"

    def to_json(self) -> dict[str, Json]:
        """Return the summary."""
        return {
            "manifest": self.manifest,
            "fileName": self.data_file,
            "clientEmail": self.email,
            "status": self.status,
            "rows": self.rows,
            "failed": self.failed,
            "error": self.error,
            "failureFile": self.failure_file,
        }


class FailureFile:
    """The rows of one import that failed; there is no file where none did."""

    def __init__(self, path: Path, header: Sequence[str]) -> None:
        """Write to a path, once there is something to write."""
        self._path = path
        self._header = header
        self._file: TextIO | None = None
        self.count = 0

    @property
    def name(self) -> str | None:
        """The name of the file, if there is one."""
        return self._path.name if self.count else None

    def add(self, cells: Sequence[str], reason: str) -> None:
        """Write a row and why it failed."""
        if self._file is None:
            self._file = _private(self._path)
            self._write([*self._header, REASON])
        self._write([*cells, reason])
        self.count += 1

    def _write(self, cells: Sequence[str]) -> None:
        lines = csv.writer(self._file, quoting=csv.QUOTE_ALL, lineterminator="\n")  # type: ignore[arg-type]
        lines.writerow(cells)

    def close(self) -> None:
        """End the file."""
        if self._file is not None:
            self._file.close()


def keep_summary(path: Path, report: ImportReport) -> None:
    """Write the summary of an import."""
    with _private(path) as file:
        json.dump(report.to_json(), file, indent=1)


def _private(path: Path) -> TextIO:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    return open(descriptor, "w", encoding="utf-8", newline="")  # noqa: PTH123 - the caller closes it


def check_webhook(url: str) -> None:
    """Refuse a webhook that is not on this machine.

    Raises:
        ValueError: it is elsewhere, or no address of http, or its port is no port.
    """
    parts = urlsplit(url)
    name = parts.hostname or ""
    is_here = name == "localhost" or (
        _is_address(name) and ip_address(name).is_loopback
    )
    if parts.scheme != "http" or not is_here or parts.port == 0:
        raise ValueError("the webhook is not http on this machine")


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def post(url: str, report: ImportReport) -> None:
    """Tell a webhook; who does not listen is not told again (I)."""
    parts = urlsplit(url)
    connection = HTTPConnection(
        parts.hostname or "", parts.port, timeout=_WEBHOOK_SECONDS
    )
    with closing(connection):
        try:
            connection.request(
                "POST",
                urlunsplit(("", "", parts.path or "/", parts.query, "")),
                json.dumps(report.to_json()),
                {"Content-Type": "application/json"},
            )
            connection.getresponse().read()
        except (OSError, HTTPException):
            _log.debug("the webhook does not listen", exc_info=True)
