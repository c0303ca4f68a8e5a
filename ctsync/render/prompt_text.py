"""What whoever approves a plan is asked: where it goes, and what it comes to."""

from __future__ import annotations

from collections.abc import Iterator

from ctsync.counted import counted
from ctsync.model.change import ACTIONS
from ctsync.render.ansi import Ansi
from ctsync.render.plan_view import PlanView
from ctsync.render.summary_text import by_file_words, news_sentence, opt_in_sentence
from ctsync.render.text_width import broken, escape

_INDENT = "  "
_EXPORTED = "that part is not sent, ctsync export writes it"


def prompt_lines(
    view: PlanView,
    *,
    host: str,
    environment: str | None,
    done: int | None,
    width: int,
    colour: bool,
    is_first: bool,
) -> Iterator[str]:
    """Yield the question in lines that fit; who gets messages stands first.

    `done` counts the changes that an earlier run of this plan has finished, if any.
    """
    paint = Ansi(colour)
    sentences = _sentences(view, host, environment, done, is_first=is_first)
    for sentence, colours in sentences:
        for line in broken(sentence, width, _INDENT):
            yield paint(line, *colours)


def _sentences(
    view: PlanView,
    host: str,
    environment: str | None,
    done: int | None,
    *,
    is_first: bool,
) -> Iterator[tuple[str, tuple[str, ...]]]:
    opted_in = opt_in_sentence(view)
    if opted_in is not None:
        yield opted_in, ("yellow",)
    if is_first:
        yield "FIRST RUN: there is no state to compare with.", ("yellow",)
    for sort in view.news:
        yield news_sentence(view, sort), ("yellow",)
    if done is not None:
        yield f"continuing: {done:,} of {counted(view.changed, 'change')} done", ()
    yield f"{_counts(view)}.", ()
    if by_file := by_file_words(view):
        where = view.head.talks_to.get("sftp")
        put = f"put on {escape(where)}" if where else _EXPORTED
        yield f"{by_file}: {put}.", ("yellow",)
    yield f"Apply to {_where(view, host, environment)}?", ("bold",)


def _where(view: PlanView, host: str, environment: str | None) -> str:
    account = view.head.account.shown
    parts = [f"account {account.id}", f"region {account.region}", f"host {host}"]
    if environment is not None:
        parts.insert(0, f"environment {environment}")
    return ", ".join(map(escape, parts))


def _counts(view: PlanView) -> str:
    profiles = view.profiles
    counts = [f"{profiles[name]:,} to {name}" for name in ACTIONS]
    lost = profiles["remove"]
    verb = "loses" if lost == 1 else "lose"
    return ", ".join([*counts, f"{lost:,} {verb} values"])
