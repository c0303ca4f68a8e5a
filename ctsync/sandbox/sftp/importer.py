"""Importing one file: its manifest, its data, the profiles, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path
from random import Random

from msgspec.structs import replace

from ctsync.sandbox.platform import Platform
from ctsync.sandbox.sftp.data_file import DataFile, ImportRow
from ctsync.sandbox.sftp.import_report import FailureFile, ImportReport
from ctsync.sandbox.sftp.manifest import (
    ImportManifest,
    ImportRefusedError,
    NotJsonError,
    read_manifest,
)
from ctsync.sandbox.violations import Violation

LIMIT_BYTES = 5_000_000_000  # "5 GB a file", public docs
_ROWS_AT_ONCE = 1000
_IMPOSED = "Something went wrong."


class Importer:
    """Does what files say to a platform, one file at a time.

    Inferred (I): a manifest whose name was used before is refused, a data file that two
    manifests name is imported twice, and files stay where they were put.
    """

    def __init__(
        self,
        platform: Platform,
        reports: Path,
        random: Random,
        *,
        limit_bytes: int = LIMIT_BYTES,
    ) -> None:
        """Write reports into a folder; `random` picks the rows that faults refuse."""
        self._platform = platform
        self._reports = reports
        self._random = random
        self._limit_bytes = limit_bytes
        self._manifests: set[str] = set()
        self._data_files: set[str] = set()

    def look_at(self, manifest: Path) -> None:
        """Note what is careless about a manifest that was just put."""
        with suppress(NotJsonError, ImportRefusedError, OSError):
            said = read_manifest(manifest.read_bytes())
            if not manifest.with_name(said.data_file).is_file():
                self._note("manifest-first")

    def run(self, manifest: Path, fault: str) -> ImportReport | None:
        """Import what a manifest names; None where nobody hears of it."""
        report = ImportReport(manifest.name)
        try:
            said = read_manifest(manifest.read_bytes())
            report = replace(report, data_file=said.data_file, email=said.email)
            self._check_name(manifest.name)
            return self._import(manifest.with_name(said.data_file), said, report, fault)
        except NotJsonError:
            return None  # documented: not even a mail
        except ImportRefusedError as error:
            return replace(report, error=str(error))
        except OSError:
            return replace(report, error="the data file is unreadable")

    def _check_name(self, name: str) -> None:
        if name in self._manifests:
            self._note("manifest-again")
            raise ImportRefusedError("wrong manifest details: its name was used before")
        self._manifests.add(name)

    def _import(
        self, path: Path, said: ImportManifest, report: ImportReport, fault: str
    ) -> ImportReport:
        self._check_file(path, fault)
        data = DataFile(path, said)
        self._note_columns(data)
        failures = FailureFile(self._free_name(path), data.header)
        with closing(failures):
            for _ in range(1 + (fault == "twice")):
                self._carry_out(data, failures, self._victims(data, fault))
        return replace(
            report,
            rows=data.row_count,
            failed=failures.count,
            failure_file=failures.name,
        )

    def _check_file(self, path: Path, fault: str) -> None:
        if fault == "before-data" or not path.is_file():
            raise ImportRefusedError("there is no data file")
        if fault == "unreadable":
            raise ImportRefusedError("the data file is unreadable")
        if path.stat().st_size >= self._limit_bytes:
            raise ImportRefusedError("the data file is too large")
        if path.name in self._data_files:
            self._note("data-again")
        self._data_files.add(path.name)

    def _note_columns(self, data: DataFile) -> None:
        for name in data.layout.unmapped:
            self._note("unmapped-column", name)
        for laid in data.layout.columns:
            if laid.is_command:
                self._note("undocumented-column", laid.column.attribute)

    def _note(self, rule: str, attribute: str | None = None) -> None:
        self._platform.note(Violation(rule, None, attribute))

    def _free_name(self, data: Path) -> Path:
        number = 1
        while True:
            ending = "" if number == 1 else f"-{number}"
            path = self._reports / f"{data.stem}-failed{ending}.csv"
            if not path.exists():
                return path
            number += 1

    def _victims(self, data: DataFile, fault: str) -> frozenset[int]:
        rows = range(data.row_count)
        if fault == "half":
            return frozenset(rows[::2])
        if fault == "refuse-row" and rows:
            return frozenset([self._random.choice(rows)])
        return frozenset()

    def _carry_out(
        self, data: DataFile, failures: FailureFile, victims: frozenset[int]
    ) -> None:
        rows = _imposed(data.rows(), victims)
        while batch := [*islice(rows, _ROWS_AT_ONCE)]:
            for row in batch:
                if row.refusal is not None:
                    failures.add(row.cells, row.refusal)
            self._platform.import_rows(
                (row.key, [*row.orders]) for row in batch if row.key is not None
            )


def _imposed(rows: Iterator[ImportRow], victims: frozenset[int]) -> Iterator[ImportRow]:
    for place, row in enumerate(rows):
        if place in victims and row.refusal is None:
            yield ImportRow(row.cells, refusal=_IMPOSED)
        else:
            yield row
