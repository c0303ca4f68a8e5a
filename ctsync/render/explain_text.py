"""One profile as a story: who says what, what is known, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ctsync.canonical_json import fold_name
from ctsync.counted import counted
from ctsync.diagnostics import Findings
from ctsync.model.change import Change, Origin
from ctsync.model.date_words import moment_in, moment_words
from ctsync.model.desired_value import DesiredValue
from ctsync.model.entry import KnownValue
from ctsync.model.explanation import Declaration, Explanation, Past, Verdict, Wanted
from ctsync.model.masking import SENSITIVE_TEXT, Mask
from ctsync.render.change_lines import operation_lines
from ctsync.render.diagnostics_text import findings_text
from ctsync.render.explain_json import records_json
from ctsync.render.plan_view import Style
from ctsync.render.run_history import past_lines, run_heading, run_words
from ctsync.render.safe_json import json_text
from ctsync.render.state_entries import IsSensitive, entry_text
from ctsync.render.text_width import columns_of, escape, pad
from ctsync.render.value_text import key_words, value_words

_SHOWN_RUNS = 5
_REASONS = {
    "equal": "as it is known: nothing is sent",
    "once": "written once, and has been: nothing is sent",
    "stuck": "no place declares it any more, and the API cannot remove it",
    "shielded": "left alone: no row gives it, and {tables} keeps it then",
    "waiting": "in {file}, of which the platform may tell until {until}",
    "undeclared": "left alone: no place names the profile",
    "impossible": "cannot be sent: see below",
    "locked": "the catalog locks it: the change blocks the plan",
    "left": "what a cohort gives to whoever leaves it",
    "taken_back": "no place includes it any more: what ctsync added is taken back",
    "removed": "no place declares it any more, and such are removed here",
}
_QUIET = frozenset({"sent", "released"})  # operations say it


def explained_text(
    told: Explanation,
    mask: Mask,
    findings: Findings,
    is_sensitive: IsSensitive,
    style: Style,
) -> Iterator[str]:
    """Yield who declares what, what is known, what follows and what was, by line."""
    yield f"{key_words(told.key, mask, told.origins)}\n"
    yield from _section("Declared", _declared(told, mask))
    yield "\nKnown\n"
    yield from _known(told, mask, is_sensitive, style)
    yield from _section("A plan would do", _decided(told, mask, style))
    records = (json_text(record) for record in records_json(told, mask))
    yield from _section("Records, as they would be sent", records)
    yield from _section("Sent before", _past(told.past, mask, style))
    if findings.totals:
        yield "\n"
        yield from findings_text(findings, colour=style.colour)


def _section(title: str, lines: Iterator[str]) -> Iterator[str]:
    yield f"\n{title}\n"
    first = next(lines, "nothing")
    yield f"  {first}\n"
    for line in lines:
        yield f"  {line}\n"


def _declared(told: Explanation, mask: Mask) -> Iterator[str]:
    if not told.declarations:
        yield "no place names this profile"
    for said in told.declarations:
        yield _place_words(said)
        yield from _wanted_lines(said, mask)


def _place_words(said: Declaration) -> str:
    origin = said.origin
    cohort = f" (cohort {escape(origin.cohort)})" if origin.cohort else ""
    table = f" (table {escape(origin.table)})" if origin.table else ""
    skipped = ": skipped, since it has faults" if said.is_skipped else ""
    return f"{escape(origin.place)}{cohort}{table}{skipped}"


def _wanted_lines(said: Declaration, mask: Mask) -> Iterator[str]:
    names = [escape(wanted.target.attribute) for wanted in said.wanted]
    room = max(map(columns_of, names), default=0)
    for wanted, name in zip(said.wanted, names, strict=True):
        words = _target_words(wanted.target, mask)
        yield f"  {pad(name, room)}  {words}{_line_words(wanted, said.origin)}"


def _line_words(wanted: Wanted, origin: Origin) -> str:
    line = wanted.origin.line
    elsewhere = line is not None and (wanted.origin.row, line) != (None, origin.line)
    return f"  (line {line})" if elsewhere and wanted.origin.row is None else ""


def _target_words(target: DesiredValue, mask: Mask) -> str:
    if mask.hides_value(sensitive=target.sensitive):
        return SENSITIVE_TEXT
    if not target.is_set:
        removed = target.value is None
        return "removed" if removed else value_words(target.value, mask)
    if target.exact is not None:
        return f"exactly {value_words(target.exact, mask)}"
    parts = [
        f"{name} {value_words(values, mask)}"
        for name in ("include", "exclude")
        if (values := getattr(target, name))
    ]
    return ", ".join(parts)


def _known(
    told: Explanation, mask: Mask, is_sensitive: IsSensitive, style: Style
) -> Iterator[str]:
    if told.entry is None:
        yield "  nothing: this profile is new to the state\n"
        return

    since = {
        name: _since_words(known, told.past, mask)
        for name, known in told.entry.attributes.items()
    }
    of_all = next(iter(since.values())) if len({*since.values()}) == 1 else None
    notes = {} if of_all else since
    _, *lines = entry_text(
        told.entry,
        mask,
        is_sensitive,
        told.waits,
        verbose=style.verbose,
        notes=notes,
    )
    yield from lines
    if of_all:
        yield f"  since: {of_all}\n"


def _since_words(known: KnownValue, past: Past, mask: Mask) -> str:
    last = past.last_for(fold_name(known.name))
    if last is not None and (known.owned or not known.certain):
        return run_words(last.run, mask.timezone)
    if not known.owned:
        return "read, not sent"
    if past.unread or past.fault:
        return "sent by a run that was not looked into"
    return "sent by no run that is kept"


def _decided(told: Explanation, mask: Mask, style: Style) -> Iterator[str]:
    yield from _operation_lines(told.change, mask, style)
    silent = [each for each in told.verdicts if each.reason not in _QUIET]
    room = max((columns_of(escape(each.attribute)) for each in silent), default=0)
    for verdict in silent:
        symbol = "~" if verdict.is_sent else "="
        name = pad(escape(verdict.attribute), room)
        yield f"{symbol} {name}  {_reason_words(verdict, mask)}"


def _operation_lines(change: Change | None, mask: Mask, style: Style) -> Iterator[str]:
    if change is not None:
        lines = operation_lines(change, mask, style)
        yield from (line.removeprefix("    ") for line in lines)


def _reason_words(verdict: Verdict, mask: Mask) -> str:
    tables = ", ".join(f"table {escape(name)}" for name in verdict.tables)
    until = verdict.until or 0.0
    return _REASONS[verdict.reason].format(
        tables=tables,
        file=escape(verdict.file or ""),
        until=moment_words(moment_in(until, mask.timezone)),
    )


def _past(past: Past, mask: Mask, style: Style) -> Iterator[str]:
    shown = past.changes if style.verbose else past.changes[:_SHOWN_RUNS]
    for each in shown:
        yield run_heading(each.run, mask.timezone)
        yield from past_lines(each.change, mask, style)
    yield from _left_out(past, len(past.changes) - len(shown))


def _left_out(past: Past, more: int) -> Iterable[str]:
    if more:
        yield f"and by {counted(more, 'earlier run')}: -v shows them"
    if past.unread:
        runs = counted(past.unread, "earlier run")
        yield f'{runs} not looked into: see "ctsync state history"'
    if past.fault:
        yield f"the history cannot be read: {escape(past.fault)}"
