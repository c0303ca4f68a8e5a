"""What renderings of a verification see, and the words that they share."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from ctsync.counted import counted
from ctsync.diagnostics import Findings
from ctsync.model.interval import CONFIDENCE, Interval
from ctsync.model.snapshot import Account, Base
from ctsync.model.verification import AttributeCheck, Verification
from ctsync.render.summary_text import Quote, duration_words
from ctsync.render.text_width import escape

SURE = f"{CONFIDENCE:.0%}".replace("%", " %")


class VerifiedView(Struct, frozen=True):
    """What is shown of a verification."""

    account: Account
    base: Base
    found: Verification
    findings: Findings
    exit_code: int = 0
    environment: str | None = None
    project: str | None = None
    sandbox: bool = False
    error: Mapping[str, Any] | None = None


def extent_sentences(found: Verification, quote: Quote = escape) -> Iterator[str]:
    """Yield how much was read, and what was left out."""
    sample = ", a sample" if found.is_sample else ""
    yield (
        f"{found.read:,} of {counted(found.known, 'profile')} read{sample}, "
        f"{counted(found.asked, 'request')} in {duration_words(found.seconds)}"
    )
    for count, words in ((found.gone, "gone"), (found.failed, "could not be read")):
        if count:
            yield f"{counted(count, 'profile')} {words}"
    yield from remark_sentences(found, quote)


def remark_sentences(found: Verification, quote: Quote = escape) -> Iterator[str]:
    """Yield what no read could tell of."""
    if found.unaskable:
        count = counted(found.unaskable, "profile")
        yield f"{count} left out: the API reads by identity and objectId only"
    if found.write_only:
        names = (f"{quote(n)} ({c:,})" for n, c in sorted(found.write_only.items()))
        yield f"Write-only, no read shows it: {', '.join(names)}"


def verified_sentence(found: Verification) -> str:
    """Say how much is there, from the same counts as the exit code."""
    if not found.checked:
        return "Nothing to verify: no value was acknowledged that a read would show."
    words = (
        f"Verified: {found.there:,} of {found.checked:,} acknowledged values are there"
    )
    if not found.is_sample:
        return f"{words}."
    return (
        f"{words}; with {SURE} confidence {_percents(found.interval())} "
        f"of all {found.acknowledged:,}."
    )


def share_of(each: AttributeCheck) -> str:
    """Say on which part of all profiles an attribute is there."""
    return _percents(each.interval())


def _percents(interval: Interval) -> str:
    # Outwards, so that nothing is promised that the numbers do not.
    low = math.floor(interval.low * 1000) / 10
    high = math.ceil(interval.high * 1000) / 10
    return f"{low:.1f} % to {high:.1f} %"
