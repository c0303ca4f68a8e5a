"""What became of an apply, as one self-contained page: what the document lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from ctsync.model.snapshot import Account
from ctsync.render.apply_text import (
    advice_sentences,
    applied_sentence,
    key_pair,
    place_of,
    said_counts,
    stopped_sentence,
    why_words,
)
from ctsync.render.html.overview import SANDBOX, Tile, share_words
from ctsync.render.html.template import render_page
from ctsync.render.summary_text import duration_words


class FailedProfile(Struct, frozen=True):
    """One profile that was not acknowledged, and why as far as that is known."""

    outcome: str
    id_type: str
    key: str
    why: str
    place: str


def applied_html(
    document: Mapping[str, Any], account: Account, *, sandbox: bool = False
) -> Iterator[str]:
    """Yield the page of a document `ctsync.apply/1` whose calls went to an account."""
    failed = [*_failed(document)]
    counts = document["counts"]
    return render_page(
        "apply.html",
        f"Apply {document['run'][:8]}: {account.id}, {account.region}",
        script="filter.js" if failed else None,
        verdict=applied_sentence(document),
        badges=[*_badges(document, sandbox=sandbox)],
        facts={
            "Account": account.id,
            "Region": account.region,
            "Endpoint": account.endpoint,
            "Environment": document["environment"],
            "Run": document["run"],
            "Digest": document["digest"],
        },
        stopped=stopped_sentence(document),
        error=document["error"],
        tiles=_tiles(document),
        remarks=[*advice_sentences(document)],
        next=[("To go on:", document["next"])] if document["next"] else [],
        failed=failed,
        whole=counts["rejected"] + counts["unknown"],
    )


def _badges(document: Mapping[str, Any], *, sandbox: bool) -> Iterator[tuple[str, str]]:
    if document["exit_code"]:
        yield "bad", "INCOMPLETE"
    if document["dry_run"]:
        yield "partial", "DRY RUN"
    if sandbox:
        yield SANDBOX


def _tiles(document: Mapping[str, Any]) -> Iterator[Tile]:
    counts = document["counts"]
    whole = sum(counts.values())
    for words, count in said_counts(document):
        yield Tile(words, count, share_words(count, whole))
    seconds = duration_words(document["seconds"] or 0)
    yield Tile("calls", document["calls"], f"in {seconds}" if document["calls"] else "")


def _failed(document: Mapping[str, Any]) -> Iterator[FailedProfile]:
    for outcome in ("rejected", "unknown"):
        for profile in document[outcome]:
            why = ": ".join(why_words(profile))
            yield FailedProfile(outcome, *key_pair(profile), why, place_of(profile))
