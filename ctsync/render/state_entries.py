"""What the state knows of one profile, as text and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from ctsync.counted import counted
from ctsync.model.date_words import moment_in, moment_words
from ctsync.model.due_import import NO_WAITS, Waits
from ctsync.model.entry import Entry, KnownValue, cohorts_in, tables_in
from ctsync.model.masking import SENSITIVE_TEXT, Mask, masked_json
from ctsync.model.scalar_value import Value
from ctsync.model.snapshot import Base, Header
from ctsync.render.error_document import document
from ctsync.render.plan_json import masked_value
from ctsync.render.plan_view import Style
from ctsync.render.safe_json import document_text, json_text
from ctsync.render.text_width import columns_of, cut, cut_name, escape, pad
from ctsync.render.value_text import key_words, uncertain_words, value_words

IsSensitive = Callable[[str], bool]

_WIDEST_NAME = 32
_SETTLED = "present (equal to what the spec declared then)"
_OPEN = "none (compared anew by the next plan)"
_LIST = "ctsync.state.list/1"
_LISTS = ("present", "maybe", "absent", "ours")


def entry_json(
    entry: Entry, mask: Mask, is_sensitive: IsSensitive, waits: Waits = NO_WAITS
) -> Iterator[str]:
    """Yield the document of `ctsync state show`."""
    entry_data = entry_public(entry, mask, is_sensitive, waits)
    yield document_text(document("ctsync.state.show/1", 0, entry=entry_data))


def entry_text(
    entry: Entry,
    mask: Mask,
    is_sensitive: IsSensitive,
    waits: Waits = NO_WAITS,
    *,
    verbose: bool = False,
    notes: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[str]:
    """Yield all that is known of a profile, line by line.

    `notes` say more of an attribute, by folded name.
    """
    style = Style(verbose=verbose)
    notes = {**_due_notes(entry, waits, mask.timezone), **notes}
    for line in _entry_lines(entry, mask, is_sensitive, style, notes):
        yield line + "\n"


def entries_json(
    header: Header | None, entries: Iterable[Entry], mask: Mask
) -> Iterator[str]:
    """Yield the document of `ctsync state list`, one profile a line."""
    head = document(_LIST, 0, **_header_json(header))
    pairs = (f"{json_text(k)}: {json_text(v)}" for k, v in head.items())
    yield "{\n" + ",\n".join(pairs) + ',\n"entries": ['
    separator = "\n"
    for entry in entries:
        yield separator + json_text(_entry_summary(entry, mask))
        separator = ",\n"
    yield "\n]\n}\n"


def entries_json_lines(
    header: Header | None, entries: Iterable[Entry], mask: Mask
) -> Iterator[str]:
    """Yield one profile a line, then the document without them."""
    for entry in entries:
        yield json_text(_entry_summary(entry, mask)) + "\n"
    head = document(_LIST, 0, **_header_json(header))
    yield document_text(head, in_lines=True)


def entries_text(
    header: Header | None, entries: Iterable[Entry], mask: Mask
) -> Iterator[str]:
    """Yield one line a profile, and at last how many there are."""
    count = 0
    for count, entry in enumerate(entries, 1):  # noqa: B007 - the last one is said
        yield entry_line(entry, mask) + "\n"
    if header is None:
        yield "There is no state yet.\n"
    else:
        yield f"{counted(count, 'profile')}, state serial {header.serial}\n"


LISTINGS: Mapping[str, Callable[[Header | None, Iterable[Entry], Mask], Iterator[str]]]
LISTINGS = {"text": entries_text, "json": entries_json, "jsonl": entries_json_lines}


def _due_notes(entry: Entry, waits: Waits, timezone: str) -> dict[str, str]:
    """Return by folded name what is said of values that are in a file."""
    return {
        folded: _due_words(known.due.file, waits, timezone)
        for folded, known in entry.attributes.items()
        if known.due is not None
    }


def _due_words(file: str, waits: Waits, timezone: str) -> str:
    until = waits.until(file)
    if until is None:
        return f"was in {escape(file)}, and the wait for a report is over"
    moment = moment_words(moment_in(until, timezone))
    return f"in {escape(file)}: a report is due until {moment}"


def entry_public(
    entry: Entry, mask: Mask, is_sensitive: IsSensitive, waits: Waits = NO_WAITS
) -> dict[str, Any]:
    """Return an entry as documents show it.

    Of the fingerprint only that there is one: it is a digest of values, some of them
    easily guessed.
    """
    return {
        "key": mask.key_json(entry.key),
        "attributes": [
            _known_json(known, waits, hidden=_hides(known, mask, is_sensitive))
            for known in entry.attributes.values()
        ],
        "cohorts": cohorts_in(entry.cohorts),
        "tables": tables_in(entry.cohorts),
        "once": entry.once,
        "fingerprint": entry.fingerprint is not None,
        "gone": entry.gone,
    }


def entry_line(entry: Entry, mask: Mask) -> str:
    """Return one line for a list of entries."""
    doubtful = _doubtful(entry)
    words = [counted(len(entry.attributes), "attribute")]
    words += [f"{doubtful} uncertain"] * bool(doubtful)
    words += ["gone"] * entry.gone
    return f"{key_words(entry.key, mask)}  {', '.join(words)}"


def _header_json(header: Header | None) -> dict[str, Any]:
    if header is None:
        return {"base": Base().as_json(), "account": None}
    base = Base(header.lineage, header.serial)
    return {"base": base.as_json(), "account": header.account.as_json()}


def _entry_summary(entry: Entry, mask: Mask) -> dict[str, Any]:
    return {
        "key": mask.key_json(entry.key),
        "attributes": len(entry.attributes),
        "uncertain": _doubtful(entry),
        "cohorts": cohorts_in(entry.cohorts),
        "tables": tables_in(entry.cohorts),
        "fingerprint": entry.fingerprint is not None,
        "gone": entry.gone,
    }


def _doubtful(entry: Entry) -> int:
    return sum(_is_doubtful(known) for known in entry.attributes.values())


def _entry_lines(
    entry: Entry,
    mask: Mask,
    is_sensitive: IsSensitive,
    style: Style,
    notes: Mapping[str, str],
) -> Iterator[str]:
    yield key_words(entry.key, mask)
    names = [columns_of(escape(k.name)) for k in entry.attributes.values()]
    width = min(max(names, default=0), _WIDEST_NAME)
    for folded, known in entry.attributes.items():
        hidden = _hides(known, mask, is_sensitive)
        yield from _known_lines(known, mask, width, style, hidden=hidden)
        if folded in notes:
            yield f"{' ' * (width + 4)}{notes[folded]}"
    lists = (
        ("cohorts", cohorts_in(entry.cohorts)),
        ("tables", tables_in(entry.cohorts)),
        ("written once", entry.once),
    )
    for title, values in lists:
        if values:
            yield f"  {title}: {escape(', '.join(values))}"
    if entry.gone:
        yield "  gone: a read of the platform did not find this profile"
    yield f"  fingerprint: {_SETTLED if entry.fingerprint else _OPEN}"


def _known_lines(
    known: KnownValue, mask: Mask, width: int, style: Style, *, hidden: bool
) -> Iterator[str]:
    start = f"  {pad(cut_name(escape(known.name), width), width)}  "
    notes = _notes(known)
    room = max(style.width - columns_of(start) - columns_of(notes) - 2, 16)
    for title, value in _values(known):
        words = title + _words(value, mask, hidden=hidden)
        shown = words if style.verbose else cut(words, room)
        yield f"{start}{pad(shown, room)}  {notes}".rstrip()
        start, notes = " " * columns_of(start), ""


def _values(known: KnownValue) -> Iterator[tuple[str, Value]]:
    if not known.is_set:
        yield "", known.value
        if known.maybe:
            yield "maybe: ", known.maybe
        return
    yield "", known.present
    for title in _LISTS[1:]:
        values = getattr(known, title)
        if values:
            yield f"{title}: ", values


def _words(value: Value, mask: Mask, *, hidden: bool) -> str:
    if hidden and value not in (None, ()):
        return SENSITIVE_TEXT
    return value_words(value, mask)


def _notes(known: KnownValue) -> str:
    certainty = "certain" if not _is_doubtful(known) else uncertain_words(known.since)
    words = [known.kind, "owned" if known.owned else "read", certainty.strip("()")]
    if known.is_set and not known.complete:
        words.append("in part")
    return ", ".join(words)


def _is_doubtful(known: KnownValue) -> bool:
    return not known.certain or bool(known.maybe)


def _hides(known: KnownValue, mask: Mask, is_sensitive: IsSensitive) -> bool:
    return mask.hides_value(sensitive=is_sensitive(known.name))


def _known_json(known: KnownValue, waits: Waits, *, hidden: bool) -> Mapping[str, Any]:
    shown: dict[str, Any] = {
        "attribute": known.name,
        "kind": known.kind,
        "value": masked_value(known.value) if hidden else known.value,
        "certain": known.certain,
        "owned": known.owned,
        "since": known.since,
    }
    if known.due is not None:
        until = waits.until(known.due.file)
        moment = None if until is None else moment_words(moment_in(until, "UTC"))
        shown["due"] = {"file": known.due.file, "until": moment}
    if known.is_set or known.maybe:
        lists = {name: getattr(known, name) for name in _LISTS}
        masked = {k: masked_json() if v else v for k, v in lists.items()}
        shown |= {**(masked if hidden else lists), "complete": known.complete}
    return shown
