"""Finding what somebody probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from ctsync.other_words import meant_by


def nearest(
    word: str, choices: Iterable[str], limit: int = 1, likeness: float = 0.6
) -> list[str]:
    """The closest choices to `word`, letter case aside; none if none is close."""
    folded: dict[str, str] = {}
    for choice in sorted(choices):
        folded.setdefault(choice.casefold(), choice)
    close = get_close_matches(word.casefold(), folded, n=limit, cutoff=likeness)
    return [folded[match] for match in close]


def probably(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice that is near to a word in sense or letters, None without."""
    known = list(choices)
    meant = meant_by(word, known)
    return meant if meant is not None else next(iter(nearest(word, known)), None)


def did_you_mean(word: str, choices: Iterable[str]) -> str | None:
    """Give `did you mean "list"?`, or None if nothing is near in sense or letters."""
    match = probably(word, choices)
    return None if match is None else f'did you mean "{match}"?'


def one_of(word: str, choices: Iterable[str]) -> str:
    """Return the closest choice as a question, else all of them."""
    known = list(choices)
    return did_you_mean(word, known) or f"one of {', '.join(known)}"
