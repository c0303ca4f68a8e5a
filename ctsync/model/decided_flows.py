"""Counting flows of rows that are decided in columns.

Each attribute has a column of ways: what stands for operator, value before and operand
is told by the text, so that equal texts are one way, and only different ones are read.
A way is written so:

- the JSON of the operand alone, where the profile is new; the operator is the first of
  its attribute;
- a question mark and the same, where nothing is known of an attribute;
- a letter of `model.decided_rows.LETTERS` and the rest of a JSON list, where a value is
  known: before and operand if the value is replaced, else the operand.

Of a sensitive attribute a word stands for every value, as in a flow.
"""

from __future__ import annotations

from collections.abc import Iterator

from ctsync.canonical_json import canonical, parse
from ctsync.model.decided_rows import LETTERS, DecidedAttribute, DecidedRows
from ctsync.model.flows import MOST_WAYS, FlowCounts, Way, way_of

SIDED = "s"
"""The letters of operators whose ways say what was before."""

UNKNOWN = "?"

_FIRST = 4 * MOST_WAYS
_LETTERS = {operator: letter for letter, operator in LETTERS.items()}


class DecidedFlows:
    """Takes decided rows into counts of flows, in the order in which they come."""

    def __init__(self, flows: FlowCounts) -> None:
        self._flows = flows
        self._attributes: dict[str, _Ways] = {}

    def add(self, decided: DecidedRows) -> None:
        """Take rows in."""
        # Mostly a few rows fill what is told apart; of all others no new way is read.
        self._add(decided.part(0, _FIRST))
        if len(decided) > _FIRST:
            self._add(decided.part(_FIRST, len(decided)))

    def _add(self, decided: DecidedRows) -> None:
        for number, attribute in enumerate(decided.decision.attributes, 1):
            ways = self._attributes.get(attribute.name)
            if ways is None:
                ways = self._attributes[attribute.name] = _Ways(attribute)
            for text, count in decided.counts(f"w{number}", ways.only).items():
                way = ways.read(text, self._flows)
                if way is not None:
                    self._flows.count(way, count)
            ways.close(self._flows)


class _Ways:
    """The ways of one attribute by their texts.

    Once no more of them are told apart, `only` are the texts that still count.
    """

    def __init__(self, attribute: DecidedAttribute) -> None:
        self._attribute = attribute
        self._known: dict[str, Way] = {}
        self.only: tuple[str, ...] | None = None

    def read(self, text: str, flows: FlowCounts) -> Way | None:
        """Return the way that a text stands for; None where it is not told apart."""
        if text not in self._known and not self.close(flows):
            self._known[text] = self._read(text)
        return self._known.get(text)

    def close(self, flows: FlowCounts) -> bool:
        """Return whether no more are told apart, and see who else met some of them."""
        if self.only is None and flows.is_full(self._attribute.name):
            ways = flows.ways(self._attribute.name)
            self._known = {t: way for way in ways for t in self._texts(way)}
            self.only = tuple(self._known)
        return self.only is not None

    def _read(self, text: str) -> Way:
        operator, prior = LETTERS.get(text[0]), "known"
        if operator is None:
            operator, prior = self._attribute.first, "unknown"
            values = [None, parse(text.removeprefix(UNKNOWN))]
        elif text[0] in SIDED:
            values = parse(f"[{text[1:]}]")
        else:
            values = [None, parse(text[1:])]
        before, operand = (tuple(v) if isinstance(v, list) else v for v in values)
        name, _, is_sensitive = self._attribute
        way = way_of(name, operator, prior, before, operand, is_sensitive)
        is_new = prior == "unknown" and not text.startswith(UNKNOWN)
        return (*way, is_new)

    def _texts(self, way: Way) -> Iterator[str]:
        """Yield the text of a way, if columns may say it."""
        _, operator, prior, before, operand, *_, creates = way
        last = canonical(operand).decode()
        if prior == "unknown" and operator == self._attribute.first:
            yield last if creates else f"{UNKNOWN}{last}"
        elif prior == "known" and operator in _LETTERS:
            letter = _LETTERS[operator]
            first = f"{canonical(before).decode()}," if letter in SIDED else ""
            yield f"{letter}{first}{last}"
