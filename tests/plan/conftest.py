"""A project made of Python dicts, and what a plan makes of it."""

import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

import pytest
from msgspec.structs import replace

from ctsync.canonical_json import fold_name
from ctsync.errors import SpecError
from ctsync.kinds import KINDS
from ctsync.kinds.base import ValueContext
from ctsync.kinds.system_attributes import system_rule
from ctsync.model.attribute import Attribute
from ctsync.model.change import Change, Origin
from ctsync.model.contribution import Contribution
from ctsync.model.entry import Entry, KnownValue
from ctsync.model.fault import Fault
from ctsync.model.masking import Mask
from ctsync.model.plan import PlanHead
from ctsync.model.policy import DEFAULT_LIMITS, Policy, parse_limit
from ctsync.model.profile_key import NOBODY, ProfileKey, parse_key
from ctsync.model.record import GROUP_PREFIX
from ctsync.model.scalar_value import Literal
from ctsync.model.snapshot import Account, Base
from ctsync.plan.document.plan_file import SavedPlan, scratch_file
from ctsync.plan.make_plan import make_plan
from ctsync.plan.planner import Planner
from ctsync.plan.selection import Selection, parse_selector
from ctsync.project.spoiled_parts import UNSPOILED

sys.path.insert(0, str(Path(__file__).parent))  # for what tests here share

ACCOUNT = Account("TEST-4Z5", "in1")
BASE = Base("0" * 32, 3, "d" * 64)


def raw(value):
    """Give a Python value as a source would have written it."""
    if isinstance(value, Literal | Fault):
        return value
    if isinstance(value, Mapping):
        return {name: raw(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [raw(item) for item in value]
    if value is None:
        return Literal("null", "null")
    if isinstance(value, bool):
        return Literal(str(value).lower(), "boolean", value)
    kind = "text" if isinstance(value, str) else "number"
    return Literal(str(value), kind, value)


@dataclass(frozen=True)
class FakeCohort:
    name: str
    origin: Origin
    words: Mapping = field(default_factory=dict)
    leave_path: tuple = ()
    attributes_path: tuple = ("cohorts", "vip", "attributes")

    def leave(self):
        return raw(self.words)


@dataclass(frozen=True)
class FakeTable:
    name: str
    attributes: frozenset
    missing: str = "keep"
    invalid: str = "error"
    path: tuple = ("tables",)

    @property
    def origin(self):
        return Origin("tables.yaml", 2, table=self.name)

    def column_of(self, attribute):
        return attribute.lower() or "id", self.path  # of keys, no attribute


class FakeGround:
    """A checked project; `says`, `cohort` and `table` add to it."""

    def __init__(self, *, catalog=None, undeclared="keep", limits=None, frame=None):
        self.frame = frame or ValueContext()
        self.spoiled = UNSPOILED
        chosen = {name: parse_limit(text) for name, text in (limits or {}).items()}
        self.policy = Policy(undeclared=undeclared, limits={**DEFAULT_LIMITS, **chosen})
        self.cohorts = {}
        self.tables = {}
        self.places = []
        self._catalog = {
            name: Attribute(name, **({"kind": rule} if isinstance(rule, str) else rule))
            for name, rule in (catalog or {}).items()
        }

    def says(
        self,
        key,
        words,
        *,
        file="people.yaml",
        cohort=None,
        faults=(),
        skips=False,
        **origin,
    ):
        """Let one place say something of one profile."""
        line = origin.pop("line", len(self.places) + 1)
        place = Origin(file, line, cohort=cohort, **origin)
        digest = blake2b(repr(words).encode(), digest_size=16).digest()
        self.places.append(
            Contribution(
                parse_key(key) if key else NOBODY,
                place,
                digest,
                lambda: raw(words),
                faults=faults,
                skips=skips,
            )
        )
        return self

    def cohort(self, name, members=(), attributes=None, leave=None):
        """Let a cohort speak of its members."""
        self.cohorts[name] = FakeCohort(
            name, Origin("cohorts.yaml", 1, cohort=name), leave or {}
        )
        for key in members:
            self.says(key, attributes or {}, file="cohorts.yaml", cohort=name, line=1)
        return self

    def table(self, name, attributes, rows=(), **rules):
        """Let the rows of a table speak: (key, words) or (key, words, faults)."""
        folded = frozenset(map(fold_name, attributes))
        table = self.tables[name] = FakeTable(name, folded, **rules)
        for number, (key, words, *faults) in enumerate(rows, 1):
            self.says(
                key,
                words,
                file=f"{name}.csv",
                faults=tuple(faults),
                skips=table.invalid == "skip",
                line=None,
                row=number,
                table=name,
            )
        return self

    @property
    def names(self):
        return frozenset(fold_name(n) for place in self.places for n in place.read())

    def rule_for(self, name):
        if name.startswith(GROUP_PREFIX):
            return Attribute(name, "subscription")
        return self._catalog.get(name) or system_rule(name) or Attribute(name)

    def locate(self, file, path):
        return (1, 1)

    def contributions(self):
        yield from self.places

    def batches(self):
        return ()

    def unbatched(self):
        yield from self.places

    def loose_contributions(self):
        yield from self.places

    def row_sources(self):
        return ()


@dataclass(frozen=True)
class Planned:
    """A plan, read back from its document."""

    document: SavedPlan

    @property
    def changes(self) -> tuple[Change, ...]:
        return tuple(self.document.changes())

    def change(self, key="u1") -> Change:
        (found,) = (c for c in self.changes if c.key == parse_key(key))
        return found

    def sent(self, key="u1"):
        """What is sent to one profile: attribute, operator, operand."""
        return [
            (op.attribute, op.operator, op.operand)
            for change in self.changes
            if change.key == parse_key(key)
            for op in change.operations
        ]

    @property
    def settled(self):
        return dict(self.document.settled())

    @property
    def profiles(self):
        return self.document.foot.profiles

    @property
    def summary(self):
        return self.document.foot.summary

    @property
    def digest(self):
        return self.document.foot.digest

    @property
    def blocked(self):
        return {rule.rule: rule.actual for rule in self.document.foot.blocked}

    @property
    def codes(self):
        return self.document.foot.diagnostic_totals

    def bytes(self):
        self.document._file.seek(0)
        return self.document._file.read()


@pytest.fixture
def project_view():
    return FakeGround


@pytest.fixture
def entry():
    """Build an entry: attributes are values, lists of text or `Known`."""

    def build(key="u1", **fields):
        attributes = fields.pop("attributes", {})
        known = (as_known(name, value) for name, value in attributes.items())
        return Entry(parse_key(key), {fold_name(k.name): k for k in known}, **fields)

    return build


def as_known(name, value):
    if isinstance(value, KnownValue):
        return replace(value, name=name)
    if isinstance(value, list):
        return KnownValue(name, "list", owned=True, present=tuple(value), complete=True)
    rule = system_rule(name)
    kinds = {str: "string", bool: "boolean", int: "number", float: "number"}
    kind = rule.kind if rule else kinds.get(type(value), "string")
    if name.startswith(GROUP_PREFIX):
        kind = "subscription"
    return KnownValue(name, kind, value, owned=True)


@pytest.fixture
def plan():
    """Plan a ground against entries."""
    files = ExitStack()

    def make(project_view, *entries, targets=(), excludes=(), accepted=None, **head):
        head = PlanHead(ACCOUNT, BASE, accepted=accepted or {}, **head)
        selection = Selection(
            map(parse_selector, targets), map(parse_selector, excludes)
        )
        planner = Planner(
            project_view, project_view, Mask(head.base.lineage), selection
        )
        file = files.enter_context(scratch_file())
        by_key = sorted(entries, key=lambda each: each.key)
        return Planned(make_plan(planner, head, by_key, file))

    with files:
        yield make


@pytest.fixture
def faults(plan):
    """Plan a project with errors and give them as (code, message)."""

    def make(project_view, *entries, **options):
        with pytest.raises(SpecError) as caught:
            plan(project_view, *entries, **options)
        errors = (f for f in caught.value.findings if f.severity == "error")
        return [(finding.code, finding.message) for finding in errors]

    return make


@pytest.fixture
def fold():
    """Give the entries after everything in a plan was acknowledged."""

    def run(planned: Planned, *entries: Entry) -> tuple[Entry, ...]:
        after = {entry.key: entry for entry in entries}
        for change in planned.changes:
            before = after.get(change.key)
            if before is None or before.gone:
                before = Entry(change.key)
            after[change.key] = _settle(_applied(before, change), change.settled)
        for key, settled in planned.settled.items():
            after[key] = _settle(after[key], settled)
        return tuple(after.values())

    return run


def _applied(entry: Entry, change: Change) -> Entry:
    known = dict(entry.attributes)
    for op in change.operations:
        name = fold_name(op.attribute)
        known[name] = KINDS[op.kind].apply(known.get(name), op)
    return replace(
        entry, attributes=known, once=tuple(sorted({*entry.once, *change.once}))
    )


def _settle(entry: Entry, settled) -> Entry:
    kept = {k: v for k, v in entry.attributes.items() if k not in settled.forget}
    return replace(
        entry,
        attributes=kept,
        cohorts=settled.cohorts,
        fingerprint=settled.fingerprint,
    )


@pytest.fixture
def crowd(entry):
    """Many entries that no place needs to name."""

    def build(count: int, **fields) -> tuple[Entry, ...]:
        return tuple(entry(f"c{number:05}", **fields) for number in range(count))

    return build


@pytest.fixture
def key():
    def build(text: str) -> ProfileKey:
        return parse_key(text)

    return build
