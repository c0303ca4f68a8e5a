"""Writing a plan line by line, taking digest and counts on the way."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from hashlib import sha256
from itertools import islice
from operator import lt
from typing import Any, Protocol

from msgspec.structs import replace

from ctsync.beside import beside
from ctsync.canonical_json import canonical, fold_name
from ctsync.model.change import Change, EntryAfter
from ctsync.model.change_statistics import ChangeStatistics
from ctsync.model.decided_flows import DecidedFlows
from ctsync.model.decided_records import ascends, records_in
from ctsync.model.decided_rows import DecidedRows
from ctsync.model.operation import API, DELTAS, OPERATORS, Operation
from ctsync.model.plan import PlanFoot, PlanHead
from ctsync.model.profile_key import ProfileKey
from ctsync.model.record import GROUP_PREFIX, GROUP_WORDS, Record
from ctsync.model.weighed_run import WeighedRun
from ctsync.plan.document.change_codec import SUBSCRIPTION, change_line, settled_line
from ctsync.plan.document.digest import PlanDigest
from ctsync.plan.document.plan_checksum import seal_line
from ctsync.plan.document.plan_header import foot_as_json, head_as_json
from ctsync.plan.document.schedule import (
    COUNTERS,
    FILES,
    WAVES,
    CallCounter,
    folded_key,
    records_of,
)

MOST_STEPS = 2
NO_ORDER = "the keys of a plan are not in order"
_UNTOLD = dict.fromkeys(("entries", "undeclared", "unchanged", "skipped"), 0)


class LineWriter(Protocol):
    """Where a plan is written to."""

    def write(self, data: bytes | memoryview, /) -> object:
        """Take in bytes."""

    def flush(self) -> object:
        """Let nothing wait."""


def digest_for(head: PlanHead) -> PlanDigest:
    """Return the digest of a plan without any change yet."""
    return PlanDigest(
        head.account,
        head.base.lineage,
        passcode_variable=head.passcode_variable,
        notify_host=head.notify_host,
        import_door=head.import_door,
        accepted=head.accepted,
    )


class PlanSums:
    """What the changes of a plan add up to, as they pass by in the order of keys.

    Whoever writes a plan and whoever reads it counts by this.
    """

    def __init__(self, head: PlanHead) -> None:
        self._digest = digest_for(head)
        self._calls = {wave: CallCounter(head.records_per_call) for wave in WAVES}
        self._files = {"profiles": 0, "operations": 0}
        self._last: ProfileKey | None = None
        self._locked = 0
        self.survey = ChangeStatistics()
        self._decided_flows = DecidedFlows(self.survey.flows)

    def add(self, change: Change, records: Iterable[tuple[int, Record]]) -> int:
        """Take a change in, with its records; give its traits.

        Raises:
            ValueError: it does not come after the one before, or is no change.
        """
        self._check_order(change.key)
        check_shape(change)
        self._digest.add(change)
        self._locked += len(change.locked)
        folded = folded_key(change.key)
        for wave, record in records:
            if wave == FILES:
                self._files["profiles"] += 1
                self._files["operations"] += len(record.operations)
            else:
                self._calls[wave].add(folded, len(canonical(record.as_wire())))
        return self.survey.add(change)

    def add_decided(self, decided: DecidedRows) -> None:
        """Take in what was decided in columns.

        Raises:
            ValueError: it does not come after what came before, or is not in order.
        """
        first, last = decided.ends()
        self._check_order(first)
        # A query of DuckDB that need not keep an order mixes pieces of some 2,000 rows.
        if not ascends(decided.table):
            raise ValueError(NO_ORDER)
        self._last = last
        for effects in decided.texts("effect"):
            self._digest.add_decided(effects)
        self._calls[1].add_decided(records_in(decided, "size"))
        self._calls[COUNTERS].add_decided(records_in(decided, "delta_size"))
        self.survey.add_decided(decided)
        self._decided_flows.add(decided)

    def add_weighed(self, run: WeighedRun) -> None:
        """Take in what was weighed elsewhere.

        Raises:
            ValueError: it does not come after what came before, or is not in order.
        """
        self._check_order(run.keys[0])
        if not all(map(lt, run.keys, islice(run.keys, 1, None))):
            raise ValueError(NO_ORDER)
        self._last = run.keys[-1]
        self._digest.add_decided(run.effects.encode())
        folded = [*map(folded_key, run.keys)]
        for wave, sizes in zip(WAVES, run.sizes, strict=True):
            self._calls[wave].add_many(folded, sizes)
        profiles, operations = run.in_files
        self._files["profiles"] += profiles
        self._files["operations"] += operations
        self.survey.add_weighed(run)

    def add_settled(self, key: ProfileKey, settled: EntryAfter) -> None:
        """Take in what an entry gets.

        Raises:
            ValueError: it does not come after what came before.
        """
        self._check_order(key)
        self._digest.add_settled(key, settled)

    def foot(self, said: PlanFoot) -> PlanFoot:
        """Return a foot with all that follows from the changes; none may come after."""
        for calls in self._calls.values():
            calls.flush()
        survey = self.survey
        return replace(
            said,
            digest=self._digest.value(),
            places=survey.changes - survey.only("releases"),
            survey=survey,
            locked=self._locked,
            summary=self._summary(said.summary),
        )

    def _summary(self, said: dict[str, Any]) -> dict[str, Any]:
        survey = self.survey
        created, released = survey.having("creations"), survey.only("releases")
        profiles = {
            "create": created,
            "update": survey.changes - created - released,
            "release": released,
            "remove": survey.having("removals"),
        }
        operators = survey.by_operator()
        return {
            "once_held": said.get("once_held", 0),
            "profiles": {**_UNTOLD, **said.get("profiles", {}), **profiles},
            "operations": {name: operators[name] for name in OPERATORS},
            "opt_in": survey.having("opt-ins"),
            "records": sum(calls.records for calls in self._calls.values()),
            "calls": sum(calls.calls for calls in self._calls.values()),
            "channels": {"sftp": dict(self._files)},
        }

    def _check_order(self, key: ProfileKey) -> None:
        # Whoever folds or goes on with a plan joins it with the state key by key, and
        # would pass over whom it met too late.
        if self._last is not None and key <= self._last:
            raise ValueError(NO_ORDER)
        self._last = key


def check_shape(change: Change) -> None:
    """See that one change can be sent and folded as it stands.

    Raises:
        ValueError: it cannot.
    """
    operations = change.operations
    is_release = change.action == "release"
    is_sound = (
        is_release == (not operations)
        and bool(operations or change.released)
        and _are_in_order(operations)
    )
    if not is_sound:
        msg = "not a change"
        raise ValueError(msg)


def _are_in_order(operations: Iterable[Operation]) -> bool:
    """Return whether operations come by attribute and step, and each may travel.

    No two attributes fold to one, whoever says so.
    """
    last, step, folded = None, 0, set[str]()
    for operation in operations:
        name = operation.attribute
        if name != last:
            step, known = 0, len(folded)
            folded.add(fold_name(name))
            if len(folded) == known or (last is not None and name < last):
                return False
        if not step < operation.step <= MOST_STEPS:
            return False
        if not _may_travel(operation):
            return False
        last, step = name, operation.step
    return True


def _may_travel(operation: Operation) -> bool:
    """Return whether an operation travels as it is shown.

    No file is to move a counter. All groups of a profile travel under two words, which
    are no attributes, and say of a group only whether it is on or off.
    """
    name = operation.attribute
    if name.startswith(GROUP_PREFIX):
        is_switch = operation.kind == SUBSCRIPTION and operation.operator == "set"
        return is_switch and isinstance(operation.operand, bool)
    if name in _GROUP_WORDS:
        return False
    return operation.channel == API or operation.operator not in DELTAS


_GROUP_WORDS = frozenset(GROUP_WORDS.values())


class PlanWriter:
    """Writes a plan line by line, taking digest and counts on the way."""

    def __init__(self, file: LineWriter, head: PlanHead) -> None:
        self._file = file
        self._checksum = sha256()
        self._bytes = 0
        self._sums = PlanSums(head)
        self._head = self._write(head_as_json(head))

    def add_change(self, change: Change) -> None:
        """Write one profile's change; changes and entries come in the order of keys."""
        records = records_of(change)
        traits = self._sums.add(change, records)
        self._write_line(change_line(change, traits, [wave for wave, _ in records]))

    def add_settled(self, key: ProfileKey, settled: EntryAfter) -> None:
        """Write what an entry with nothing to do gets at the next fold."""
        self._sums.add_settled(key, settled)
        self._write_line(settled_line(key, settled))

    def add_decided(self, decided: DecidedRows) -> None:
        """Write what was decided in columns."""
        # Digest and checksum take most of the time, and neither waits for the other.
        with beside(partial(self._write_lines, decided)):
            self._sums.add_decided(decided)

    def add_weighed(self, run: WeighedRun) -> None:
        """Write what was weighed elsewhere."""
        self._sums.add_weighed(run)
        self._write_line(run.lines.encode())

    def sums(self) -> PlanFoot:
        """Return a foot of what all comes to. No change may follow."""
        return self._sums.foot(PlanFoot())

    def close(self, foot: PlanFoot) -> str:
        """Write counts, digest and seal; give the checksum of all before the seal."""
        done = self._sums.foot(foot)
        last = self._write({"foot": {**foot_as_json(done), "bytes": self._bytes}})
        checksum = self._checksum.hexdigest()
        self._file.write(seal_line(self._head, last, checksum))
        self._file.flush()
        return checksum

    def _write(self, data: dict[str, Any]) -> bytes:
        line = canonical(data) + b"\n"
        self._write_line(line)
        return line

    def _write_lines(self, decided: DecidedRows) -> None:
        for text in decided.texts("line"):
            self._write_line(text)

    def _write_line(self, line: bytes | memoryview) -> None:
        self._checksum.update(line)
        self._bytes += len(line)
        self._file.write(line)
