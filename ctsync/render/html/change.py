"""One change as a page shows it: in words, masked, and with what is risky about it."""

from __future__ import annotations

from msgspec import Struct

from ctsync.model.change import Action, Change
from ctsync.model.change_statistics import traits_of
from ctsync.model.masking import Mask
from ctsync.render.html.overview import NOWHERE
from ctsync.render.operation_rows import OperationRow, operation_rows
from ctsync.render.text_width import escape
from ctsync.render.value_text import key_words


class Card(Struct, frozen=True):
    """One change in words. `traits` has a bit for each filter that it passes."""

    traits: int
    action: Action
    id_type: str
    key: str
    places: tuple[str, ...]
    rows: tuple[OperationRow, ...]
    released: tuple[str, ...]


def card_of(change: Change, mask: Mask) -> Card:
    """Return a change in words."""
    id_type, _, key = key_words(change.key, mask, change.origins).partition(" ")
    # Where the key is hidden, its first origin stands for it.
    named = change.origins[mask.hides(change.key) :]
    return Card(
        traits=traits_of(change) | (0 if change.origins else NOWHERE),
        action=change.action,
        id_type=id_type,
        key=key,
        places=tuple(escape(origin.place) for origin in named),
        rows=tuple(operation_rows(change, mask)),
        released=change.released,
    )
