"""Writing what was read as a spec: YAML, or a table of JSON Lines where there are many.

Only what a spec can say is written, judged by the same kinds that will read it; so the
plan that follows has nothing to do. What it cannot say is counted and left out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, BinaryIO

from msgspec.structs import replace

from ctsync.kinds import KINDS
from ctsync.kinds.base import ValueContext
from ctsync.model.attribute import Attribute
from ctsync.model.entry import Entry, KnownValue, entry_from_line, entry_line
from ctsync.model.fault import Faults
from ctsync.model.record import GROUP_PREFIX
from ctsync.model.scalar_value import Literal, Raw, epoch_of

MOST_IN_YAML = 1_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_GROUP = f"{GROUP_PREFIX}email."


class SpecFromState:
    """What of profiles a spec can say, kept until it is written.

    `file` is empty, private, and gone when it is closed. `is_sound` says whether an
    attribute may be called so in a spec. `names` are those of attributes that were
    taken in, by id type, with their folded names; `dates` are folded names of dates.
    """

    def __init__(
        self,
        file: BinaryIO,
        rule_for: Callable[[str], Attribute],
        context: ValueContext,
        is_sound: Callable[[str], bool],
    ) -> None:
        self.profiles = 0
        self.left_out: Counter[str] = Counter()
        self.names: dict[str, dict[str, str]] = {}
        self.dates: set[str] = set()
        self._file = file
        # There are few names, and they come with every profile.
        self._rule_for = cache(rule_for)
        self._context = context
        self._is_sound = cache(is_sound)

    def add(self, entry: Entry) -> Entry:
        """Take a profile in; give what of it can be declared."""
        kept = {name: k for name, k in entry.attributes.items() if self._says(entry, k)}
        sayable = replace(entry, attributes=kept)
        self._file.write(entry_line(sayable))
        self.profiles += 1
        names = self.names.setdefault(entry.key.type, {})
        names.update((known.name, folded) for folded, known in kept.items())
        self.dates.update(n for n, known in kept.items() if known.kind == "date")
        return sayable

    def entries(self) -> Iterator[Entry]:
        """Yield what was taken in, by key. May be called again."""
        self._file.seek(0)
        return map(entry_from_line, self._file)

    def _says(self, entry: Entry, known: KnownValue) -> bool:
        if known.value is None and not known.present:
            return False
        is_age = known.name == "Age" and "dob" in entry.attributes
        if not is_age and self._is_sound(known.name) and self._means(known):
            return True
        self.left_out[known.name] += 1
        return False

    def _means(self, known: KnownValue) -> bool:
        """Say whether a spec can say just this value."""
        rule, raw = self._rule_for(known.name), _raw(known)
        if raw is None:
            return False
        kind = KINDS[rule.kind or known.kind]
        held = known.held(kind.name)
        if held is not None and kind.is_unchanged(raw, held, rule, self._context):
            return True
        try:
            target = kind.normalize(raw, rule, self._context)
        except Faults:
            return False
        return not kind.diff(known, target, self._context)


def yaml_lines(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield the spec of some profiles as YAML."""
    is_empty = True
    for entry in entries:
        if is_empty:
            yield "profiles:\n"
        is_empty = False
        yield from _profile_lines(entry)
    if is_empty:
        yield "profiles: []\n"


def _profile_lines(entry: Entry) -> Iterator[str]:
    yield f"  - {entry.key.type}: {_text(entry.key.id)}\n"
    known = [*entry.attributes.values()]
    plain = [each for each in known if not each.name.startswith(_GROUP)]
    groups = [each for each in known if each.name.startswith(_GROUP)]
    if plain:
        yield "    attributes:\n"
    for each in plain:
        yield f"      {_text(each.name)}: {_yaml(_raw(each))}\n"
    if groups:
        pairs = (
            f"{_text(each.name.removeprefix(_GROUP))}: {_yaml(_raw(each))}"
            for each in groups
        )
        yield f"    subscriptions: {{email: {{{', '.join(pairs)}}}}}\n"


def table_rows(entries: Iterable[Entry], id_type: str) -> Iterator[str]:
    """Yield the row of each profile with an id of a type, as a line of JSON."""
    for entry in entries:
        if entry.key.type != id_type:
            continue
        row: dict[str, Any] = {"key": entry.key.id}
        for each in entry.attributes.values():
            row[each.name] = _json(each)
        yield _as_json(row) + "\n"


def table_spec(
    files: Mapping[str, str], spec: SpecFromState, declared: Container[str]
) -> str:
    """Give the spec of tables; `files` go by id type.

    Attributes that are `declared` (folded names) have a type already.
    """
    tables = {
        f"imported-{kind.lower()}": {
            "file": file,
            "key": {kind: "key"},
            "columns": {name: name for name in sorted(spec.names[kind])},
        }
        for kind, file in files.items()
    }
    dates = {
        name
        for names in spec.names.values()
        for name, folded in names.items()
        if folded in spec.dates and folded not in declared
    }
    catalog = {name: {"type": "date"} for name in sorted(dates)}
    said = {"catalog": catalog, "tables": tables} if catalog else {"tables": tables}
    return json.dumps(said, indent=2) + "\n"


_as_json = json.JSONEncoder(ensure_ascii=False).encode


def _json(known: KnownValue) -> Any:
    """Return a value that a spec can say as a row of JSON Lines says it."""
    if known.is_set:
        return known.present
    value = known.value
    raw = _date(value) if known.kind == "date" and isinstance(value, str) else None
    return value if raw is None else raw.text


def _raw(known: KnownValue) -> Raw | None:
    if known.is_set:
        return [_quoted(text) for text in known.present]
    value = known.value
    if isinstance(value, bool):
        return Literal("true" if value else "false", "boolean", value)
    if isinstance(value, int | float):
        return _number(value)
    if value is None:
        return None
    return _date(value) if known.kind == "date" else _quoted(value)


def _quoted(text: str) -> Literal:
    return Literal(text, "text", text, quoted=True)


def _number(value: float) -> Literal | None:
    from ctsync.yaml.scalars import PLAIN, literal

    read = literal(PLAIN + json.dumps(value))
    return read if read.type == "number" and read.value == value else None


def _date(value: str) -> Literal | None:
    try:
        moment = _EPOCH + timedelta(seconds=epoch_of(value))
    except OverflowError:
        return None
    # C libraries differ in whether they pad years before 1000 to four digits.
    return Literal(moment.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0"), "date")


def _yaml(raw: Raw | None) -> str:
    if isinstance(raw, Literal):
        return raw.text if raw.type != "text" else _text(raw.text)
    items = raw if isinstance(raw, list) else ()
    return f"[{', '.join(_yaml(each) for each in items)}]"


def _text(text: str) -> str:
    """Give text in quotes; what YAML readers may take for a line end is spelled out."""
    return json.dumps(text)
