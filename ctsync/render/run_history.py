"""Past runs: who started each, what came of it, and what it changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec.structs import asdict

from ctsync.counted import counted
from ctsync.model.change import Change
from ctsync.model.date_words import moment_in, moment_words
from ctsync.model.masking import Mask
from ctsync.model.record import Outcome
from ctsync.model.run import Run, RunChange
from ctsync.render.change_lines import change_lines, operation_lines
from ctsync.render.error_document import document
from ctsync.render.plan_json import change_json
from ctsync.render.plan_view import Style
from ctsync.render.safe_json import document_text, json_text
from ctsync.render.summary_text import duration_words
from ctsync.render.text_width import escape

FORMAT = "ctsync.state.history/1"


def runs_text(runs: Iterable[Run], timezone: str) -> Iterator[str]:
    """Yield some lines a run, and at last how many there are."""
    count = 0
    for count, run in enumerate(runs, 1):  # noqa: B007 - the last one is said
        yield from (f"{line}\n" for line in run_lines(run, timezone))
    yield f"{counted(count, 'run')} kept\n" if count else "No run is kept yet.\n"


def runs_json(runs: Iterable[Run], _: str) -> Iterator[str]:
    """Yield the document."""
    yield document_text(document(FORMAT, 0, runs=[run_public(run) for run in runs]))


def runs_json_lines(runs: Iterable[Run], _: str) -> Iterator[str]:
    """Yield one run a line, then the document without them."""
    for run in runs:
        yield json_text(run_public(run)) + "\n"
    yield document_text(document(FORMAT, 0), in_lines=True)


def run_text(run: Run, changes: Iterable[RunChange], mask: Mask) -> Iterator[str]:
    """Yield a run, and below it all that it changed."""
    yield from (f"{line}\n" for line in run_lines(run, mask.timezone))
    yield "\n"
    for change in changes:
        yield from (f"{line}\n" for line in change_lines(_plain(change), mask, Style()))
        yield from (f"{line}\n" for line in _doubt_lines(change))


def past_lines(change: RunChange, mask: Mask, style: Style) -> Iterator[str]:
    """Yield what a run did to one profile, without saying to whom."""
    lines = operation_lines(_plain(change), mask, style)
    yield from (line.removeprefix("  ") for line in (*lines, *_doubt_lines(change)))


def run_words(run: Run, timezone: str) -> str:
    """Return which run it was, when, and who started it."""
    who = f"{escape(run.author.user)}@{escape(run.author.host)}"
    return f"run {escape(run.run[:8])}, {_moment(run, timezone)}, {who}"


def run_heading(run: Run, timezone: str) -> str:
    """Return the same, and what it was started with."""
    author, words = run.author, [run_words(run, timezone)]
    words += [f"commit {escape(author.commit[:12])}"] if author.commit else []
    words += [escape(author.pipeline)] if author.pipeline else []
    return ", ".join(words)


def _doubt_lines(change: RunChange) -> Iterator[str]:
    doubtful = _doubtful(change)
    if doubtful:
        yield f"    outcome unknown: {escape(', '.join(doubtful))}"


def run_json(run: Run, changes: Iterable[RunChange], mask: Mask) -> Iterator[str]:
    """Yield the document of one run, one change a line."""
    head = document(FORMAT, 0, runs=[run_public(run)])
    pairs = (f"{json_text(name)}: {json_text(value)}" for name, value in head.items())
    yield "{\n" + ",\n".join(pairs) + ',\n"changes": ['
    separator = "\n"
    for change in changes:
        yield separator + json_text(change_public(change, mask))
        separator = ",\n"
    yield "\n]\n}\n"


def run_json_lines(run: Run, changes: Iterable[RunChange], mask: Mask) -> Iterator[str]:
    """Yield one change a line, then the document without them."""
    for change in changes:
        yield json_text(change_public(change, mask)) + "\n"
    yield document_text(document(FORMAT, 0, runs=[run_public(run)]), in_lines=True)


HISTORIES: Mapping[str, Callable[[Iterable[Run], str], Iterator[str]]] = {
    "text": runs_text,
    "json": runs_json,
    "jsonl": runs_json_lines,
}
RUN_PAGES: Mapping[str, Callable[[Run, Iterable[RunChange], Mask], Iterator[str]]] = {
    "text": run_text,
    "json": run_json,
    "jsonl": run_json_lines,
}


def run_public(run: Run) -> dict[str, Any]:
    """Return a run as documents show it."""
    return {
        "run": run.run,
        "started": _moment(run, "UTC"),
        "seconds": run.seconds,
        "who": asdict(run.author),
        "environment": run.environment,
        "base": {"lineage": run.lineage, "serial": run.serial},
        "digest": run.digest,
        "counts": run.counts,
        "calls": run.calls,
        "stopped": run.stopped,
        "tool_version": run.tool_version,
    }


def change_public(change: RunChange, mask: Mask) -> dict[str, Any]:
    """Return what a run did to one profile as documents show it."""
    shown = change_json(_plain(change), mask)
    for each, operation in zip(change.operations, shown["operations"], strict=True):
        operation["outcome"] = each.outcome.value
    return shown


def run_lines(run: Run, timezone: str) -> Iterator[str]:
    """Yield what there is to say of a run."""
    author = run.author
    yield f"run {run.run}"
    yield f"  {_moment(run, timezone)} by {escape(author.user)}@{escape(author.host)}"
    yield f"  {_outcome(run)}"
    yield f"  digest {run.digest}, from serial {run.serial}"
    for name, words in (
        ("environment", run.environment),
        ("commit", author.commit),
        ("pipeline", author.pipeline),
    ):
        if words:
            yield f"  {name} {escape(words)}"


def _outcome(run: Run) -> str:
    named = run.counts.items()
    counts = [f"{n:,} {name.replace('_', ' ')}" for name, n in named if n]
    words = [", ".join(counts) or "nothing sent", counted(run.calls, "call")]
    if run.seconds is None:
        words.append("not ended: it is at work, or was cut off")
    else:
        words.append(duration_words(run.seconds))
    words += [f"stopped: {run.stopped.replace('_', ' ')}"] if run.stopped else []
    return ", ".join(words)


def _moment(run: Run, timezone: str) -> str:
    return moment_words(moment_in(run.started, timezone))


def _plain(change: RunChange) -> Change:
    operations = tuple(each.operation for each in change.operations)
    action: Any = change.action
    return Change(change.key, action, operations, released=change.released)


def _doubtful(change: RunChange) -> list[str]:
    return sorted(
        {
            each.operation.attribute
            for each in change.operations
            if each.outcome is Outcome.UNKNOWN
        }
    )
