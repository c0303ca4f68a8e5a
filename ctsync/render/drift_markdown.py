"""Drift as one comment or issue of at most 60,000 bytes, safe whatever values say."""

from __future__ import annotations

from collections.abc import Iterator

from ctsync.counted import counted
from ctsync.model.drift import ProfileDrift
from ctsync.model.masking import Mask
from ctsync.render.diagnostics_text import first_of_each, more_sentences
from ctsync.render.drift_view import (
    BACK,
    GONE,
    DriftView,
    change_words,
    extent_sentences,
    next_steps,
    verdict,
)
from ctsync.render.markdown.changes import MOST_BYTES
from ctsync.render.markdown.text import (
    cell,
    code,
    comment_word,
    cut_bytes,
    fenced,
    folded,
    size,
    table,
)
from ctsync.render.plan_view import Style
from ctsync.render.summary_text import target_sentence
from ctsync.render.text_width import escape
from ctsync.render.value_text import key_words

MOST_ATTRIBUTES = 20
_MOST_BYTES_OF_LINE = 400
_ROOM_OF_FOOT = 9_000
_COMMAND_BYTES = 400


def drift_markdown(view: DriftView, style: Style) -> Iterator[str]:  # noqa: ARG001 - one signature
    """Yield the page: verdict, extent, attributes, then profiles as far as they fit."""
    head = "\n".join(_above(view))
    yield head
    foot = "".join(_findings(view))
    # Some 600 bytes are words of ours: how many are left out, and what folds the rest.
    room = (
        MOST_BYTES - size(head) - min(size(foot), _ROOM_OF_FOOT) - 600 - _COMMAND_BYTES
    )
    whole = view.counts.drifted + view.counts.gone
    shown = 0
    body = []
    for drift in view.drifts():
        text = "".join(f"{line}\n" for line in _profile_lines(drift, view.mask))
        room -= size(text)
        if room < 0:
            break
        body.append(text)
        shown += 1
    if body:
        yield "\n" + folded(
            f"{shown:,} of {whole:,} profiles", fenced("".join(body), "diff")
        )
    if shown < whole:
        yield f"\nLeft out here: {whole - shown:,} of {whole:,} profiles; "
        yield "`ctsync drift --all` shows them.\n"
    for words, command in next_steps(view):
        yield f"\n{words} {code(command, _COMMAND_BYTES)}\n"
    yield cut_bytes(foot, _ROOM_OF_FOOT)


def _above(view: DriftView) -> Iterator[str]:
    yield f"{_marker(view)}\n"
    yield f"### ctsync: {verdict(view)}\n"
    yield f"{target_sentence(view.account, view.base, view.environment, code)}\n"
    if view.sandbox:
        yield "SANDBOX: simulation of documented behaviour\n"
    yield "".join(f"- {sentence}\n" for sentence in extent_sentences(view, code))
    found = view.shown_differences
    if found:
        rows = ((cell(name), f"{count:,}") for name, count in found[:MOST_ATTRIBUTES])
        yield table([("attribute", "profiles"), *rows])
    if found[MOST_ATTRIBUTES:]:
        yield f"… and {len(found) - MOST_ATTRIBUTES:,} more attributes\n"


def _marker(view: DriftView) -> str:
    words = {
        "project": view.project or view.account.id,
        "env": view.environment or "",
    }
    said = " ".join(f"{name}={comment_word(text)}" for name, text in words.items())
    return f"<!-- ctsync:drift {said} -->"


def _profile_lines(drift: ProfileDrift, mask: Mask) -> Iterator[str]:
    yield f"  {key_words(drift.key, mask)}"
    if drift.found == "gone":
        yield f"-   {GONE}"
    elif drift.found == "back":
        yield f"+   {BACK}"
    for difference in drift.differences:
        words = f"!   {escape(difference.attribute)}: {change_words(difference, mask)}"
        yield cut_bytes(words, _MOST_BYTES_OF_LINE)


def _findings(view: DriftView) -> Iterator[str]:
    totals = view.findings.totals
    shown = tuple(first_of_each(view.findings))
    if shown:
        lines = [finding.as_text() for finding in shown]
        lines += more_sentences(shown, totals)
        text = "".join(f"{cut_bytes(escape(line), 400)}\n" for line in lines)
        findings = counted(sum(totals.values()), "finding")
        yield "\n" + folded(findings, fenced(cut_bytes(text, 8_000), "text"))
