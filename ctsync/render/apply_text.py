"""What became of an apply, as text. The document is `ctsync.apply/1`.

The platform may still drop what it acknowledged, so nothing here says more than that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ctsync.counted import counted
from ctsync.model.change import Origin
from ctsync.render.ansi import Ansi
from ctsync.render.safe_json import document_text
from ctsync.render.summary_text import duration_words
from ctsync.render.text_width import escape

MOST_SHOWN = 20
OUTCOMES = ("acknowledged", "sent", "rejected", "unknown", "not_sent")

_STOPPED = {
    "unauthorised": "the platform refused the credentials",
    "unreachable": "no call reached the server any more",
    "interrupted": "a signal ended the run",
    "reject_limit": "more profiles were rejected than limits.reject allows",
    "canary": "the canary was not wholly acknowledged, so the rest was not sent",
}


def applied_json(document: Mapping[str, Any]) -> str:
    """Return the document as text, one key a line."""
    return document_text(document)


def applied_text(document: Mapping[str, Any], *, colour: bool = False) -> Iterator[str]:
    """Yield the result in words, line by line; the last one sums it up."""
    for line in _lines(document, Ansi(colour)):
        yield line + "\n"


def _lines(document: Mapping[str, Any], paint: Ansi) -> Iterator[str]:
    yield from _profiles("rejected", document, paint)
    yield from _profiles("unknown", document, paint)
    stopped = stopped_sentence(document)
    if stopped is not None:
        yield paint(escape(stopped), "yellow")
    yield from advice_sentences(document)
    if document.get("next"):
        yield f"Next: {escape(document['next'])}"
    yield from _cost(document)
    yield paint(applied_sentence(document), "bold")


def stopped_sentence(document: Mapping[str, Any]) -> str | None:
    """Say what ended the run before its time, if anything did."""
    stopped = document["stopped"]
    return None if stopped is None else f"Stopped: {_STOPPED.get(stopped, stopped)}"


def applied_sentence(document: Mapping[str, Any]) -> str:
    """Give `Apply: 412 acknowledged, 3 rejected, 0 unknown, 0 not sent`."""
    verb = "Dry run, nothing stored" if document.get("dry_run") else "Apply"
    counts = ", ".join(f"{count:,} {words}" for words, count in said_counts(document))
    return f"{verb}: {counts}"


def said_counts(document: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Return the counts by what they are of, in words."""
    counts = document["counts"]
    return [(o.replace("_", " "), counts[o]) for o in OUTCOMES if o in counts]


def _profiles(outcome: str, document: Mapping[str, Any], paint: Ansi) -> Iterator[str]:
    listed = document[outcome][:MOST_SHOWN]
    for profile in listed:
        colour = "red" if outcome == "rejected" else "yellow"
        yield f"{paint(outcome, colour)} {_profile_words(profile)}"
    left = document["counts"][outcome] - len(listed)
    if left > 0:
        yield f"… and {left:,} more {outcome} (--report FILE lists them all)"


def _profile_words(profile: Mapping[str, Any]) -> str:
    kind, shown = key_pair(profile)
    words = ": ".join([f"{kind} {shown}", *why_words(profile)])
    place = place_of(profile)
    return escape(words + (f" ({place})" if place else ""))


def key_pair(profile: Mapping[str, Any]) -> tuple[str, str]:
    """Return the type of a listed profile's id, and what is shown of the id."""
    return next((k, v) for k, v in profile["key"].items() if k != "masked")


def why_words(profile: Mapping[str, Any]) -> list[str]:
    """Return what is known of why a listed profile was not acknowledged."""
    words = [] if profile.get("code") is None else [f"code {profile['code']}"]
    return [*words, profile["error"]] if profile.get("error") else words


def place_of(profile: Mapping[str, Any]) -> str:
    """Return where a listed profile is declared; nothing where that is its name."""
    if not profile.get("origins") or profile["key"].get("masked"):
        return ""
    first = profile["origins"][0]
    return Origin(first["file"], first.get("line"), first.get("row")).place


def advice_sentences(document: Mapping[str, Any]) -> Iterator[str]:
    """Say what becomes of the profiles that were not acknowledged."""
    counts = document["counts"]
    if counts["rejected"]:
        yield "What was rejected is planned again; correct the spec first."
    if counts["unknown"]:
        yield "Where the outcome is unknown, the next plan assigns the values."
    yield from _file_sentences(document)


def _file_sentences(document: Mapping[str, Any]) -> Iterator[str]:
    """Say what became of what travels in files."""
    in_files = document.get("channels", {}).get("sftp", {})
    waiting, put = in_files.get("profiles", 0), in_files.get("put")
    if document["counts"].get("sent"):
        yield "What was sent in files is not known to be there before a report is read."
    for name in put or ():
        yield f"Put by SFTP: {escape(name)}"
    if waiting and put is not None:
        yield f"{counted(waiting, 'second step')} by SFTP not sent before that."
    elif waiting:
        noun = "profile goes" if waiting == 1 else "profiles goes"
        yield f"What of {waiting:,} {noun} via SFTP was not sent: export it."


def _cost(document: Mapping[str, Any]) -> Iterator[str]:
    if document.get("calls"):
        seconds = duration_words(document.get("seconds") or 0)
        yield f"{counted(document['calls'], 'call')} in {seconds}"
