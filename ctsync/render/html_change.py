"""One change as a page shows it: in words, masked, and with what is risky about it."""

from __future__ import annotations

from msgspec import Struct

from ctsync.model.change import Action, Change
from ctsync.model.mask import Mask
from ctsync.model.survey import traits_of
from ctsync.render.columns import escape
from ctsync.render.rows import Row, rows_of
from ctsync.render.words import key_words


class Card(Struct, frozen=True):
    """One change in words. `traits` has a bit for each of `TRAITS`."""

    traits: int
    action: Action
    id_type: str
    key: str
    places: tuple[str, ...]
    rows: tuple[Row, ...]
    released: tuple[str, ...]


def card_of(change: Change, mask: Mask) -> Card:
    """Give a change in words."""
    id_type, _, key = key_words(change.key, mask, change.origins).partition(" ")
    # Where the key is hidden, its first origin stands for it.
    named = change.origins[mask.hides(change.key) :]
    return Card(
        traits=traits_of(change),
        action=change.action,
        id_type=id_type,
        key=key,
        places=tuple(escape(origin.place) for origin in named),
        rows=tuple(rows_of(change, mask)),
        released=change.released,
    )
