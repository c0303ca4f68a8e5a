"""The sentences that every rendering for people shares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ctsync.counted import counted
from ctsync.model.change import ACTIONS
from ctsync.model.date_words import moment_in, moment_words
from ctsync.model.plan import BlockedRule, PendingFile
from ctsync.model.snapshot import Account, Base
from ctsync.render.plan_view import PlanView
from ctsync.render.text_width import escape

# The platform answers an upload of 100 to 1000 records in a few hundred milliseconds.
# Calls go out side by side, and are held back by 429; in sum half a second is cautious.
SECONDS_PER_CALL = 0.5

# How a rendering shows text that is not ours: names, options, what the user wrote.
Quote = Callable[[str], str]


def summary_sentence(view: PlanView) -> str:
    """Say what the plan comes to, in one line."""
    profiles, summary = view.profiles, view.foot.summary
    if not view.changed and view.is_partial and view.whole:
        return "Nothing chosen: the selection leaves all changes out."
    if not view.changed and view.head.revert is not None:
        return "No changes. Nothing of that run is left that can be undone."
    if not view.changed and any(each.operations for each in view.foot.pending):
        return "No changes, as long as imports are pending."
    if not view.changed:
        unchanged = profiles["unchanged"]
        noun = "profile is" if unchanged == 1 else "profiles are"
        return f"No changes. {unchanged:,} {noun} as declared."
    actions = ", ".join(f"{profiles[name]:,} to {name}" for name in ACTIONS)
    records = counted(summary["records"], "record")
    calls = counted(summary["calls"], "call")
    duration = duration_words(summary["calls"] * SECONDS_PER_CALL)
    by_file = by_file_words(view)
    more = f"; {by_file}" if by_file else ""
    return f"Plan: {actions}; {records} in {calls}, about {duration}{more}"


def by_file_words(view: PlanView) -> str:
    """Give `2 profiles via SFTP`; nothing where nothing goes in files."""
    count = view.foot.by_file
    return f"{counted(count, 'profile')} via SFTP" if count else ""


def duration_words(seconds: float) -> str:
    """Return a duration as people say it: `3 s`, `5 min`, `2.5 h`."""
    if seconds < 120:
        return f"{max(round(seconds), 1)} s"
    if seconds < 7200:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


def percent_words(count: int, whole: int) -> str:
    """Return a part of a whole in percent: neither some nor most is none or all."""
    percent = f"{100 * count / whole:.1f}%"
    if percent == "0.0%" and count:
        return "<0.1%"
    return ">99.9%" if percent == "100.0%" and count < whole else percent


def header_sentences(
    view: PlanView, quote: Quote = escape
) -> Iterator[tuple[str, str]]:
    """Yield what the plan is for and what is special about it; each with its sort."""
    head = view.head
    named = target_sentence(head.account.shown, head.base, head.environment, quote)
    yield "header", named
    if view.head.talks_to:
        yield "places", _places_sentence(view, quote)
    for sort in view.news:
        yield "news", news_sentence(view, sort, quote)
    if view.head.unmarked:
        yield "unmarked", unmarked_sentence(view, quote)
    if view.head.sandbox:
        yield "sandbox", "SANDBOX: simulation of documented behaviour"
    if view.head.first_run:
        yield "first_run", _FIRST_RUN
    yield from _basis_sentences(view, quote)
    if view.foot.pending:
        yield "pending", pending_sentences(view, quote)
    if view.head.accepted:
        accepted = sorted(view.head.accepted.items())
        lifted = (quote(f"--accept {name}={n}") for name, n in accepted)
        yield "accepted", f"Limits set for this plan: {' '.join(lifted)}"
    if view.is_partial:
        yield "partial", partial_sentence(view)
    if view.verified == "ends":
        yield "ends", _ENDS


def _basis_sentences(view: PlanView, quote: Quote) -> Iterator[tuple[str, str]]:
    """Yield what a plan was made from other than spec and state."""
    if view.head.revert is not None:
        run = quote(view.head.revert)
        yield "revert", f"REVERT of run {run}, as far as it can be undone"
    if view.head.refreshed:
        yield "refreshed", _refreshed_sentence(view.head.refreshed)


def pending_sentences(view: PlanView, quote: Quote = escape) -> str:
    """Say what is in files of which the platform may still tell, and until when."""
    files = view.foot.pending
    values = counted(sum(each.operations for each in files), "value")
    named = [_pending_line(view, each, quote) for each in files[:MOST_NAMED]]
    if len(files) > MOST_NAMED:
        named.append(f"and {counted(len(files) - MOST_NAMED, 'more file')}")
    first = f"PENDING: {values} left alone, since the platform may still tell of"
    return "\n".join([first, ",\n".join(named)])


def _pending_line(view: PlanView, file: PendingFile, quote: Quote) -> str:
    until = moment_words(moment_in(file.until, view.head.timezone))
    what = f"{counted(file.operations, 'value')} of {counted(file.profiles, 'profile')}"
    due = _PUT if file.standing == "put" else _NOT_PUT
    return f"{quote(file.file)} ({what}, {due} {until})"


def target_sentence(
    account: Account, base: Base, environment: str | None, quote: Quote = escape
) -> str:
    """Say whose profiles a document is of, and against which state."""
    parts = [f"Account {quote(account.id)} in region {quote(account.region)}"]
    if account.endpoint is not None:
        parts.append(f"endpoint {quote(account.endpoint)}")
    if environment is not None:
        parts.append(f"environment {quote(environment)}")
    return ", ".join([*parts, f"state serial {base.serial}"])


def _places_sentence(view: PlanView, quote: Quote) -> str:
    notify = view.head.talks_to.get("notify")
    told = "nobody" if notify is None else quote(notify)
    said = f"State in {quote(view.head.talks_to['state'])}, notifies {told}"
    files = view.head.talks_to.get("sftp")
    return said if files is None else f"{said}, files go to {quote(files)}"


def news_sentence(view: PlanView, sort: str, quote: Quote = escape) -> str:
    """Say that a place is another one than the last apply talked to."""
    now, before = view.head.talks_to.get(sort), view.head.talked_to.get(sort)
    words = ("none" if place is None else quote(place) for place in (now, before))
    return "NEW since the last apply: {} {}, was {}".format(sort, *words)


def _refreshed_sentence(counts: Mapping[str, int]) -> str:
    """Say that the plan looked at the platform, which plans do not do otherwise."""
    parts = [counted(counts["drifted"], "profile") + " drifted"]
    parts += [f"{counts[name]:,} {name}" for name in ("gone", "failed") if counts[name]]
    read = counted(counts["read"], "profile")
    return f"REFRESHED: {read} read from the platform first, {', '.join(parts)}"


def unmarked_sentence(view: PlanView, quote: Quote = escape) -> str:
    """Say what the catalog no longer calls sensitive, and how that comes true."""
    names = ", ".join(map(quote, view.head.unmarked))
    option = quote(f"--accept reveal={len(view.head.unmarked)}")
    return (
        f"No longer marked as sensitive: {names}; hidden until an apply with {option}"
    )


def partial_sentence(view: PlanView) -> str:
    """Say that a selection chose, and which: `PARTIAL: 3 of 413 changes (...)`."""
    return f"{partial_words(view)} ({escape(' '.join(selection_options(view)))})"


def partial_words(view: PlanView) -> str:
    """Give `PARTIAL: 3 of 413 changes`."""
    return f"PARTIAL: {view.shown:,} of {view.whole:,} changes"


def selection_options(view: PlanView) -> list[str]:
    """Return the options that chose, as they were written but for personal keys."""
    options = [f"--target {text}" for text in view.shown_selectors(view.head.targets)]
    options += [
        f"--exclude {text}" for text in view.shown_selectors(view.head.excludes)
    ]
    return options


def opt_in_sentence(view: PlanView) -> str | None:
    """Say how many people will get messages that they do not get now, if any."""
    count = view.foot.summary["opt_in"]
    noun = "profile is" if count == 1 else "profiles are"
    return f"OPT-IN: {count:,} {noun} opted in to messages" if count else None


def count_sentences(view: PlanView) -> Iterator[str]:
    """Yield the counts behind the summary, and what else deserves a word."""
    profiles, summary = view.profiles, view.foot.summary
    if profiles["entries"]:
        known = counted(profiles["entries"], "profile")
        yield f"{known} in the state, {profiles['unchanged']:,} unchanged"
    said = (
        (profiles["remove"], "profiles that lose a value"),
        (profiles["undeclared"], "profiles in the state that no place names"),
        (profiles["skipped"], "rows skipped as invalid"),
        (summary["once_held"], "values held back because they are written once"),
        (summary["channels"]["sftp"]["operations"], "operations via SFTP, in files"),
    )
    for count, words in said:
        if count:
            yield f"{words}: {count:,}"


def blocked_sentence(rule: BlockedRule, view: PlanView, quote: Quote = escape) -> str:
    """Say which rule blocks, its numbers, and the way out."""
    if rule.accept is None:
        return (
            f"{quote(rule.rule)}: {counted(rule.actual, 'change')} of locked values"
            f"{_locked_names(view, quote)} "
            "(if meant, change write: in the catalog first)"
        )
    name = rule.rule.removeprefix("limits.")
    entries = view.profiles["entries"]
    is_share = rule.limit.endswith("%") and name not in {"skip", "vanish"}
    share = f" of {entries:,}" if is_share and entries else ""
    return (
        f"{quote(rule.rule)} is {quote(rule.limit)}, this plan has "
        f"{rule.actual:,}{share} ({quote(rule.accept)} allows it)"
    )


def _locked_names(view: PlanView, quote: Quote) -> str:
    """Give `: Code and Email`: what no option lifts has to be found."""
    found = {d.attribute for d in view.foot.diagnostics if d.code == LOCKED_CODE}
    names = [quote(name) for name in sorted(filter(None, found))]
    if len(names) > MOST_NAMED:
        names[MOST_NAMED:] = [f"{len(names) - MOST_NAMED:,} more"]
    *first, last = names or [""]
    said = f"{', '.join(first)} and {last}" if first else last
    return f": {said}" if said else ""


def exception_yaml(view: PlanView) -> str | None:
    """Return what would lift these limits by review, as the project file says it."""
    counts = [
        f"{rule.rule.removeprefix('limits.')}: {rule.actual}"
        for rule in view.foot.blocked
        if rule.accept is not None
    ]
    return f"policy: {{accept: {{{', '.join(counts)}}}}}" if counts else None


LOCKED_CODE = "CT401"
MOST_NAMED = 5
EXCEPTION = "To have this one plan let pass by review, write into ctsync.yaml:"
_ENDS = (
    "Counts as they were saved and sealed; the changes were not read.\n"
    "Apply reads and verifies them all."
)
_PUT = "until"
_NOT_PUT = "not known to be put: the next apply sees to it, until"
_FIRST_RUN = (
    "FIRST RUN: there is no state yet, so every profile is new to it\n"
    "and percentages of the policy do not apply"
)
