"""The plan document: what is reviewed is what is applied.

A saved plan is JSON Lines: a head; for every profile a `change`, or what its entry
gets at the next fold (`settled`); a foot with counts and digest; and a checksum of all
bytes before it. The format is private and read with `ctsync show`.
"""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from ctsync import __version__
from ctsync.canon import canonical, parse
from ctsync.errors import CtsyncError, PlanRefused
from ctsync.model.change import Change, Settled, settled_from_json
from ctsync.model.key import Key, key_from_json
from ctsync.model.snapshot import Account, Base
from ctsync.plan.digest import PlanDigest
from ctsync.plan.line import START, change_from_line, change_line, waves_in
from ctsync.plan.policy import Blocked

FORMAT = "ctsync.savedplan/1"


@dataclass(frozen=True, slots=True)
class PlanHead:
    """What a plan was made from and for."""

    account: Account
    base: Base
    environment: str | None = None
    project: str | None = None
    first_run: bool = False
    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    accepted: dict[str, int] = field(default_factory=dict)
    records_per_call: int = 100
    hides_identities: bool = False
    sandbox: bool = False
    inputs: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PlanFoot:
    """What a plan comes to."""

    digest: str = ""
    summary: dict[str, Any] = field(default_factory=dict)
    blocked: tuple[Blocked, ...] = ()
    left_out: int = 0
    locked: int = 0
    diagnostics: tuple[dict[str, Any], ...] = ()
    diagnostic_totals: dict[str, int] = field(default_factory=dict)

    @property
    def profiles(self) -> dict[str, int]:
        """Counts of profiles."""
        counts: dict[str, int] = self.summary["profiles"]
        return counts

    @property
    def changes(self) -> int:
        """How many profiles the plan changes or releases something of."""
        return sum(self.profiles[name] for name in ("create", "update", "release"))


class PlanWriter:
    """Writes a plan line by line, taking its digest on the way."""

    def __init__(self, file: BinaryIO, head: PlanHead) -> None:
        self._file = file
        self._checksum = sha256()
        self._digest = PlanDigest(head.account, head.base.lineage)
        self._write(_head_as_json(head))

    def add_change(self, change: Change) -> None:
        """Write one profile's change."""
        self._digest.add(change)
        self._write_line(change_line(change))

    def add_settled(self, key: Key, settled: Settled) -> None:
        """Write what an entry with nothing to do gets at the next fold."""
        self._write({"settled": {"key": key.as_json(), "entry": settled.as_json()}})

    def close(self, foot: PlanFoot) -> None:
        """Write counts, digest and checksum."""
        self._write({"foot": _foot_as_json(foot, self._digest.value())})
        self._file.write(_seal(self._checksum.hexdigest()))
        self._file.flush()

    def _write(self, data: dict[str, Any]) -> None:
        self._write_line(canonical(data) + b"\n")

    def _write_line(self, line: bytes) -> None:
        self._checksum.update(line)
        self._file.write(line)


class SavedPlan:
    """A plan document, opened: head, foot, and streams of what lies between.

    Close it, or hold it in a `with`; else its file goes when it does.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        """Open and verify a plan.

        Raises:
            PlanRefused: not a plan, of a newer format, or not as it was written.
        """
        self._file = file
        self._finalizer = weakref.finalize(self, file.close)
        self.name = name
        self.checksum, last = _verify(file, name)
        self.head = _head_from_json(_first(file, name), name)
        self.foot = _foot_from_json(parse(last)["foot"])

    def close(self) -> None:
        """Let go of the file. May be called again."""
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def changes(self) -> Iterator[Change]:
        """Yield the changes by key."""
        return map(change_from_line, self._change_lines())

    def waves(self) -> Iterator[tuple[int, ...]]:
        """Yield the waves of each change, none for a pure release; parses nothing."""
        for line in self._change_lines():
            yield tuple(map(int, filter(None, waves_in(line).split(b","))))

    def changes_in(self, wave: int) -> Iterator[tuple[int, Change]]:
        """Yield changes with a record in a wave, each with its place, for sending.

        Places count the changes that send anything, from 0. Of the targets there are
        only those that are written once.
        """
        place, wanted = 0, b"%d" % wave
        for line in self._change_lines():
            waves = waves_in(line)
            if wanted in waves:
                yield place, change_from_line(line, is_whole=False)
            place += waves != b""

    def releases(self) -> Iterator[Change]:
        """Yield the changes that send nothing."""
        lines = (line for line in self._change_lines() if not waves_in(line))
        return map(change_from_line, lines)

    def _change_lines(self) -> Iterator[bytes]:
        # A generator of its own, so that who iterates keeps the file open.
        for line in _lines(self._file):
            if line.startswith(START):
                yield line

    def settled(self) -> Iterator[tuple[Key, Settled]]:
        """Yield what entries with nothing to do get at the next fold."""
        for line in _lines(self._file):
            if line.startswith(b'{"settled":'):
                data = parse(line)["settled"]
                yield key_from_json(data["key"]), settled_from_json(data["entry"])

    def copy_to(self, path: Path) -> None:
        """Save the document, readable by its owner only.

        Raises:
            CtsyncError: it cannot be written there.
        """
        aside = path.parent / f".{path.name}.{os.getpid()}"
        try:
            with _private(aside) as out:
                out.writelines(_lines(self._file))
                out.flush()
                os.fsync(out.fileno())
            aside.replace(path)
        except OSError as error:
            with suppress(OSError):
                aside.unlink(missing_ok=True)
            raise _unwritable(path, error) from error


def open_plan(path: Path) -> SavedPlan:
    """Open a saved plan.

    Raises:
        PlanRefused: it cannot be read, or is not as it was written.
    """
    try:
        return SavedPlan(path.open("rb"), str(path))
    except OSError as error:
        words = f"plan {path} cannot be read: {error.strerror}"
        raise PlanRefused(
            words,
            hint='name a file that "ctsync plan --out FILE" wrote, or a project',
            code="plan_unreadable",
        ) from error


def scratch_file() -> BinaryIO:
    """Give a nameless file for a plan that is not kept; it goes with the process."""
    return tempfile.TemporaryFile()


def _private(path: Path) -> BinaryIO:
    # Nobody else may have put a file or a link there, to read along or to be written.
    path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, 0o600), "wb")


def _unwritable(path: Path, error: OSError) -> CtsyncError:
    return CtsyncError(
        f"plan {path} cannot be written: {error.strerror}",
        hint="name another place with --out",
        code="plan_unwritable",
    )


def _lines(file: BinaryIO, chunk_bytes: int = 1 << 18) -> Iterator[bytes]:
    # By position, so that several readers can share one nameless file.
    offset, rest = 0, b""
    while chunk := os.pread(file.fileno(), chunk_bytes, offset):
        offset += len(chunk)
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line + b"\n" for line in whole)
    if rest:
        yield rest


def _verify(file: BinaryIO, name: str) -> tuple[str, bytes]:
    """Give checksum and last line but one."""
    checksum, before, last = sha256(), b"", b""
    for line in _lines(file):
        checksum.update(last)
        before, last = last, line
    if last != _seal(checksum.hexdigest()) or not before.startswith(b'{"foot":'):
        raise PlanRefused(
            f"{name} is no saved plan, or not as it was written: its checksum does "
            "not hold",
            hint='make it again with "ctsync plan --out FILE"',
            code="plan_tampered",
        )
    return checksum.hexdigest(), before


def _seal(checksum: str) -> bytes:
    return canonical({"checksum": checksum}) + b"\n"


def _first(file: BinaryIO, name: str) -> dict[str, Any]:
    data: dict[str, Any] = parse(next(_lines(file)))
    found = data.get("format")
    if found != FORMAT:
        raise PlanRefused(
            f"{name} has format {found}, this ctsync ({__version__}) reads {FORMAT}",
            hint="apply it with the version that made it, or plan again",
            code="plan_format",
        )
    return data


def _head_as_json(head: PlanHead) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "tool_version": __version__,
        "account": head.account.as_json(),
        "base": {**head.base.as_json(), "digest": head.base.digest},
        "environment": head.environment,
        "project": head.project,
        "first_run": head.first_run,
        "targets": head.targets,
        "excludes": head.excludes,
        "accepted": head.accepted,
        "records_per_call": head.records_per_call,
        "hides_identities": head.hides_identities,
        "sandbox": head.sandbox,
        "inputs": head.inputs,
    }


def _head_from_json(data: dict[str, Any], name: str) -> PlanHead:
    try:
        known = {key: data[key] for key in _HEAD_FIELDS}
        head = PlanHead(**known)
        return replace(
            head,
            account=Account(**data["account"]),
            base=Base(**data["base"]),
            targets=tuple(data["targets"]),
            excludes=tuple(data["excludes"]),
            inputs=tuple((file, digest) for file, digest in data["inputs"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        words = f"{name} is not a plan that this ctsync can read"
        raise PlanRefused(words, code="plan_unreadable") from error


_HEAD_FIELDS = tuple(PlanHead.__dataclass_fields__)


def _foot_as_json(foot: PlanFoot, digest: str) -> dict[str, Any]:
    return {
        "digest": digest,
        "summary": foot.summary,
        "blocked": [rule.as_json() for rule in foot.blocked],
        "left_out": foot.left_out,
        "locked": foot.locked,
        "diagnostics": foot.diagnostics,
        "diagnostic_totals": foot.diagnostic_totals,
    }


def _foot_from_json(data: dict[str, Any]) -> PlanFoot:
    blocked = tuple(Blocked(**rule) for rule in data["blocked"])
    diagnostics = tuple(data["diagnostics"])
    return PlanFoot(**{**data, "blocked": blocked, "diagnostics": diagnostics})
