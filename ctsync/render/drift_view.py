"""What renderings of drift see, and the words that they share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from ctsync.counted import counted
from ctsync.diagnostics import Findings
from ctsync.model.drift import Difference, ProfileDrift, ReadCounts
from ctsync.model.masking import SENSITIVE_TEXT, Mask
from ctsync.model.scalar_value import Value
from ctsync.model.snapshot import Account, Base
from ctsync.render.next_words import Step, command_words
from ctsync.render.summary_text import Quote, duration_words
from ctsync.render.text_width import escape
from ctsync.render.value_text import value_words


class DriftView(Struct, frozen=True):
    """What reading the platform gave. `drifts` gives a fresh stream each time, by key.

    `error` is what kept the whole from being known.
    """

    account: Account
    base: Base
    counts: ReadCounts
    drifts: Callable[[], Iterator[ProfileDrift]]
    mask: Mask
    findings: Findings
    exit_code: int = 0
    environment: str | None = None
    project: str | None = None
    sandbox: bool = False
    error: Mapping[str, Any] | None = None

    @property
    def shown_differences(self) -> list[tuple[str, int]]:
        """The attributes that differ, those on most profiles first."""
        found = self.counts.differences.items()
        return sorted(found, key=lambda each: (-each[1], each[0]))


def verdict(view: DriftView) -> str:
    """Return whether there is drift, from the same counts as the exit code."""
    counts = view.counts
    if not counts.has_drift:
        if not counts.read:
            return _NOTHING_READ if counts.known else _NOTHING_KNOWN
        if counts.read == 1:
            return "No drift. 1 profile is as the state knows it."
        return f"No drift. {counts.read:,} profiles are as the state knows them."
    parts = (
        (counts.drifted, counted(counts.drifted, "profile") + " drifted"),
        (counts.gone, f"{counts.gone:,} gone"),
        (counts.differing, _differing(counts.differing)),
    )
    said = ", ".join(words for count, words in parts if count)
    return f"Drift: of {counted(counts.read, 'profile')} read, {said}."


_NOTHING_READ = "Nothing was read, so that nothing is known of drift."
_NOTHING_KNOWN = "There is no profile in the state that could drift."


def _differing(count: int) -> str:
    return "1 value differs" if count == 1 else f"{count:,} values differ"


def extent_sentences(view: DriftView, quote: Quote = escape) -> Iterator[str]:
    """Yield how much was read, and what was left out of the comparison."""
    counts = view.counts
    sample = ", a sample" if counts.is_sample else ""
    yield (
        f"{counts.read:,} of {counted(counts.known, 'known profile')} read{sample}, "
        f"{counted(counts.compared, 'value')} compared, "
        f"{counted(counts.asked, 'request')} in {duration_words(counts.seconds)}"
    )
    if counts.failed:
        yield f"{counted(counts.failed, 'profile')} could not be read"
    yield from remark_sentences(view, quote)


def remark_sentences(view: DriftView, quote: Quote = escape) -> Iterator[str]:
    """Yield what was left out of the comparison, and what comes of a refresh."""
    counts = view.counts
    if counts.unaskable:
        count = counted(counts.unaskable, "profile")
        yield f"{count} left out: the API reads by identity and objectId only"
    if counts.settled:
        them = "it" if counts.settled == 1 else "them"
        yield f"{counted(counts.settled, 'uncertain value')}: a refresh settles {them}"
    if counts.write_only:
        names = ", ".join(
            f"{quote(n)} ({c:,})" for n, c in sorted(counts.write_only.items())
        )
        yield f"Write-only, not compared: {names}"


def next_steps(view: DriftView) -> Iterator[Step]:
    """Yield what can be done about drift."""
    if view.counts.has_drift:
        words = ("ctsync", "refresh")
        shown = command_words(words, view.environment, sandbox=view.sandbox)
        yield "To let the state know, so that the next plan corrects it:", shown


def sides(difference: Difference, mask: Mask) -> tuple[str, str]:
    """Return what the state knows and what the platform shows, in words."""
    return _words(difference.before, difference, mask), _words(
        difference.after, difference, mask
    )


def change_words(difference: Difference, mask: Mask) -> str:
    """Give `"Gold" -> "Free"`, and of a list what came and went."""
    if not (difference.added or difference.removed):
        return " -> ".join(sides(difference, mask))
    parts = (("+", difference.added), ("-", difference.removed))
    said = [f"{sign} {_words(v, difference, mask)}" for sign, v in parts if v]
    return ", ".join(said)


def _words(value: Value, difference: Difference, mask: Mask) -> str:
    if value is not None and mask.hides_value(sensitive=difference.sensitive):
        return SENSITIVE_TEXT
    return value_words(value, mask)


GONE = "gone: a read of the platform did not find this profile"
BACK = "back: an earlier read did not find this profile"
