"""The simulated platform: four id namespaces, upsert, and nothing ever merges.

No HTTP here. Each public method may be called from any thread.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from threading import RLock

from ctsync.sandbox.call_log import CallLog, LoggedCall
from ctsync.sandbox.faults import DOCUMENTED, SandboxFault
from ctsync.sandbox.keys import ID_KINDS, Json, SandboxKey, fold_key, fold_name, keys_in
from ctsync.sandbox.operations import Operation, read_operations, record_rules
from ctsync.sandbox.profile import Profile
from ctsync.sandbox.profile_store import Store, Transaction
from ctsync.sandbox.replies import RefusedRecord
from ctsync.sandbox.validation import Refusal, echo, find_refusal
from ctsync.sandbox.violations import Violation, ViolationLog


class Platform:
    """Profiles, and what was noticed about those who change them."""

    def __init__(
        self,
        data: Path | None,
        random: Random,
        drops: Iterable[str] = (),
        *,
        folds_lists: bool = False,
    ) -> None:
        """Open the profiles in a file, or begin with none; `random` shuffles.

        What is uploaded to an attribute of `drops` is acknowledged and dropped, as an
        account's schema has it. Who `folds_lists` takes values for one that differ in
        case.
        """
        self._drops = frozenset(map(fold_name, drops))
        self._store = Store(data, folds_lists=folds_lists)
        self._random = random
        self._lock = RLock()
        self._violations = ViolationLog()
        self._calls = CallLog()

    @property
    def violations(self) -> tuple[Violation, ...]:
        """Everything noted that a careful client never does, oldest first."""
        return self._violations.entries()

    @property
    def calls(self) -> tuple[LoggedCall, ...]:
        """The calls received, in order of arrival."""
        return self._calls.entries()

    @property
    def call_count(self) -> int:
        """The number of calls received, those no longer kept among them."""
        return self._calls.count

    def next_call(self) -> int:
        """Draw the number of a call that has just arrived."""
        with self._lock:
            return self._calls.next_number()

    def note_call(self, call: LoggedCall) -> None:
        """Keep a call for inspection."""
        with self._lock:
            self._calls.note(call)

    def note(self, violation: Violation) -> None:
        """Keep a violation for inspection."""
        with self._lock:
            self._violations.note(violation)

    def upload(
        self,
        records: Sequence[Json],
        *,
        call: int = 0,
        fault: SandboxFault = DOCUMENTED,
        is_dry_run: bool = False,
    ) -> list[RefusedRecord]:
        """Apply the good records of a call and return the others, in their order."""
        with self._lock:
            refused = self._judge(records, fault)
            places = {each.place for each in refused}
            work = [
                (key, orders)
                for place, (key, orders) in enumerate(self._read(records, call))
                if key is not None and place not in places
            ]
            if fault.applies and not is_dry_run:
                self._apply(work, call, fault)
            return refused

    def import_rows(self, rows: Iterable[tuple[SandboxKey, list[Operation]]]) -> None:
        """Carry out the rows of an imported file, all or none of them."""
        with self._lock:
            work = list(rows)
            for key, orders in work:
                for rule, name in record_rules(orders):
                    self.note(Violation(rule, key, name))
            self._apply(work, 0, DOCUMENTED)

    def _judge(
        self, records: Sequence[Json], fault: SandboxFault
    ) -> list[RefusedRecord]:
        refusals = [find_refusal(record) for record in records]
        imposed = fault.refusal
        if imposed is not None and records:
            for place in self._victims(refusals, fault):
                refusals[place] = refusals[place] or imposed
        return [
            RefusedRecord(
                place, refusal.code, refusal.text, echo(records[place], refusal)
            )
            for place, refusal in enumerate(refusals)
            if refusal is not None
        ]

    def _victims(
        self, refusals: Sequence[Refusal | None], fault: SandboxFault
    ) -> Sequence[int]:
        if fault.refuses_all:
            return range(len(refusals))
        return [self._random.randrange(len(refusals))]

    def _read(
        self, records: Sequence[Json], call: int
    ) -> Iterator[tuple[SandboxKey | None, list[Operation]]]:
        seen: set[SandboxKey] = set()
        for record in records:
            keys = keys_in(record)
            key = keys[0] if keys else None
            for rule in _envelope_rules(record, keys, seen):
                self.note(Violation(rule, key, None, call))
            seen.update(fold_key(each) for each in keys)
            data = record.get("profileData") if isinstance(record, dict) else None
            orders = read_operations(data, key) if isinstance(data, dict) else []
            for rule, name in record_rules(orders):
                self.note(Violation(rule, key, name, call))
            yield key, orders

    def _apply(
        self,
        work: list[tuple[SandboxKey, list[Operation]]],
        call: int,
        fault: SandboxFault,
    ) -> None:
        # Nobody promises an order, so nobody may come to rely on one.
        self._random.shuffle(work)
        dropped = set(self._drops)
        if fault.drops_attribute:
            dropped.update(self._draw_name(work))
        with self._store.transaction() as transaction:
            for key, orders in work:
                self._random.shuffle(orders)
                kept = [order for order in orders if order.folded not in dropped]
                self._obey(transaction, key, kept, call)

    def _obey(
        self,
        transaction: Transaction,
        key: SandboxKey,
        orders: list[Operation],
        call: int,
    ) -> None:
        draft = transaction.draft(key)
        for order in orders:
            rule = draft.carry_out(order)
            if rule is not None:
                self.note(Violation(rule, key, order.name, call))

    def _draw_name(self, work: list[tuple[SandboxKey, list[Operation]]]) -> list[str]:
        names = sorted({order.folded for _, orders in work for order in orders})
        return [self._random.choice(names)] if names else []

    def profile(self, kind: str, value: str) -> Profile | None:
        """Return exactly what is stored about a key, or None."""
        with self._lock:
            return self._store.find(SandboxKey(kind, value))

    def profile_by_email(self, email: str) -> Profile | None:
        """Return the first profile, by key, that carries an e-mail address."""
        with self._lock:
            return self._store.find_by_email(email)

    def profiles(self) -> Iterator[Profile]:
        """Yield every profile exactly as stored, ordered by id kind and value."""
        after = SandboxKey("", "")
        while True:
            with self._lock:
                page = self._store.page(after)
            if not page:
                return
            yield from page
            after = SandboxKey(page[-1].kind, page[-1].value)

    def edit(self, kind: str, value: str, attributes: Mapping[str, Json]) -> None:
        """Set exact values as somebody else would; None takes an attribute away."""
        if kind not in ID_KINDS:
            raise ValueError(f"unknown id kind {kind!r}, known: {', '.join(ID_KINDS)}")
        with self._lock, self._store.transaction() as transaction:
            transaction.draft(SandboxKey(kind, value)).edit(attributes)

    def record_event(self, name: str, day: int, keys: Iterable[SandboxKey]) -> None:
        """Note that profiles had an event on a day, written YYYYMMDD."""
        with self._lock:
            self._store.record_event(name, day, keys)

    def keys_with_event(self, name: str, since: int, until: int) -> list[SandboxKey]:
        """Return whoever had an event in a range of days, both included."""
        with self._lock:
            return self._store.keys_with_event(name, since, until)

    def forget(self, kind: str, value: str) -> bool:
        """Remove a profile as somebody else would; say whether it was there."""
        with self._lock:
            return self._store.forget(SandboxKey(kind, value))

    def release(self) -> None:
        """Close the data file until it is next needed."""
        with self._lock:
            self._store.release()


def _envelope_rules(
    record: Json, keys: list[SandboxKey], seen: set[SandboxKey]
) -> Iterator[str]:
    if isinstance(record, dict) and "ts" in record:
        yield "ts"
    if len(keys) > 1:
        yield "several-keys"
    if any(fold_key(key) in seen for key in keys):
        yield "same-key-in-call"
