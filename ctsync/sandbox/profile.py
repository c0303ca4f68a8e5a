"""One stored profile: exact values under folded names, and commands kept apart."""

import json
from collections.abc import Mapping

from msgspec import Struct, field

from ctsync.sandbox.keys import Json, SandboxKey, fold_name
from ctsync.sandbox.operations import Operation
from ctsync.sandbox.operators import take_effect


class Profile(Struct, frozen=True):
    """What is stored about one key, in the spelling that first named each attribute."""

    kind: str
    value: str
    attributes: Mapping[str, Json]
    flags: Mapping[str, Json] = field(default_factory=dict)
    groups: Mapping[str, bool] = field(default_factory=dict)

    def to_json(self) -> dict[str, Json]:
        """Return the profile as the inspection endpoint shows it."""
        return {
            "key": {self.kind: self.value},
            "attributes": dict(self.attributes),
            "commands": {
                "flags": dict(self.flags),
                "groups": {"email": dict(self.groups)},
            },
        }


class Draft:
    """A profile while a call is applied to it."""

    def __init__(self, text: str | None = None, *, folds_lists: bool = False) -> None:
        """Read the stored form, or begin an empty profile."""
        self._folds_lists = folds_lists
        stored = json.loads(text) if text is not None else [{}, {}, {}]
        self.attributes: dict[str, tuple[str, Json]] = stored[0]
        self.flags: dict[str, tuple[str, Json]] = stored[1]
        self.groups: dict[str, bool] = stored[2]

    def text(self) -> str:
        """Return the form in which the profile is stored."""
        return json.dumps([self.attributes, self.flags, self.groups])

    def carry_out(self, order: Operation) -> str | None:
        """Carry out one order and return the rule it broke, if any."""
        if order.operator == "flag":
            _put(self.flags, order.folded, order.name, order.operand)
        elif order.operator in ("unsubscribe", "resubscribe"):
            self._subscribe(order.operand, to=order.operator == "resubscribe")
        elif order.operator != "ignore":
            return self._change(order)
        return None

    def _change(self, order: Operation) -> str | None:
        before = self.get(order.folded)
        after, rule = take_effect(
            order.operator, before, order.operand, folds_lists=self._folds_lists
        )
        _put(self.attributes, order.folded, order.name, after)
        return rule

    def _subscribe(self, groups: Json, *, to: bool) -> None:
        for group in groups if isinstance(groups, list) else ():
            self.groups[str(group)] = to

    def get(self, folded: str) -> Json:
        """Return an attribute's exact value, or None where there is none."""
        return self.attributes[folded][1] if folded in self.attributes else None

    def edit(self, values: Mapping[str, Json]) -> None:
        """Set attributes to exact values, as somebody else would; None takes away."""
        for name, value in values.items():
            _put(self.attributes, fold_name(name), name, value)

    def freeze(self, key: SandboxKey) -> Profile:
        """Return the profile as a value, its names sorted."""
        return Profile(
            key.kind,
            key.value,
            _spelled(self.attributes),
            _spelled(self.flags),
            dict(sorted(self.groups.items())),
        )


def _put(
    entries: dict[str, tuple[str, Json]], folded: str, name: str, value: Json
) -> None:
    if value is None:
        entries.pop(folded, None)
    else:
        spelling = entries[folded][0] if folded in entries else name
        entries[folded] = (spelling, value)


def _spelled(entries: Mapping[str, tuple[str, Json]]) -> dict[str, Json]:
    return {spelling: value for _, (spelling, value) in sorted(entries.items())}
