"""What one attribute of one profile should become."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from ctsync.model.attribute import Write
from ctsync.model.row import defaults_of
from ctsync.model.scalar_value import Scalar


class DesiredValue(Struct, frozen=True):
    """A desired value in normal form.

    Scalars use `value`, where None means: remove. Lists use `exact` (these and no
    others; None where not declared so), `include` (at least these), `exclude` (none
    of these) and `take_back` (values of ours that no place declares any more).
    `leaving` says that the attribute is forgotten once acknowledged.
    """

    attribute: str
    kind: str
    value: Scalar | None = None
    exact: tuple[str, ...] | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    take_back: tuple[str, ...] = ()
    write: Write = "free"
    sensitive: bool = False
    leaving: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the form that a saved plan keeps, without defaults."""
        return {
            name: value
            for name, default in _DEFAULTS.items()
            if (value := getattr(self, name)) != default
        }


def target_from_json(data: Mapping[str, Any]) -> DesiredValue:
    """Read what `Target.as_json` wrote."""
    lists = {name: tuple(data[name]) for name in _LISTS if data.get(name) is not None}
    return DesiredValue(**{**data, **lists})


_LISTS = ("exact", "include", "exclude", "take_back")
_DEFAULTS = defaults_of(DesiredValue)
