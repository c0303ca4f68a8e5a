"""What a careful client never does, noted when it is seen; tests require an empty log.

The platform accepts most of these without a word, which is why they are worth noting.
"""

from collections import deque

from msgspec import Struct

from ctsync.sandbox.keys import Json, SandboxKey

RULES = {
    "same-key-in-call": "one folded key twice in a call",
    "same-key-in-flight": "one folded key in two calls that overlap",
    "too-many-calls": "more calls at once than the account's ceiling",
    "ts": "a timestamp, which orders nothing",
    "several-keys": "more than one id in a record",
    "counter-on-nothing": "$incr or $decr on an attribute without a value",
    "counter-on-no-number": "$incr or $decr on a value that is no number",
    "delete-elsewhere": "$delete on anything but Name and Gender",
    "over-100-values": "a list grew past 100 values and lost its oldest",
    "null": "null as a value",
    "empty-text": "an empty string as a value",
    "plain-array": "an array as a plain value",
    "nested-object": "an object that is no operator",
    "empty-operand": "a list operator without values",
    "bad-operand": "an operand of the wrong form",
    "two-operators": "more than one member in an operator object",
    "unknown-operator": "an operator that the upload API does not have",
    "no-list": "a list operator on an attribute that cannot be a list",
    "name-clash": "two names in a record that fold to one attribute",
    "repeated-member": "the same member twice in one JSON object",
    "forbidden-name": "a character that attribute names may not hold",
    "identity-attribute": "another identity inside profileData",
    "bad-command": "a MSG- or category- command of the wrong form",
    "group-both-ways": "one group unsubscribed and resubscribed in a record",
    "manifest-first": "a manifest put before its data file",
    "manifest-again": "a manifest put under the name of an earlier one",
    "data-again": "a data file named by two manifests",
    "unmapped-column": "a column of an import that its manifest does not map",
    "undocumented-column": "a command in an import, which no document mentions",
}

_KEPT = 10_000


class Violation(Struct, frozen=True):
    """One breach of a rule: whose, of which attribute, in which call. Never a value."""

    rule: str
    key: SandboxKey | None = None
    attribute: str | None = None
    call: int = 0

    def to_json(self) -> dict[str, Json]:
        """Return the violation as the inspection endpoint shows it."""
        key: Json = {self.key.kind: self.key.value} if self.key else None
        detail: Json = {"key": key, "attribute": self.attribute, "call": self.call}
        return {"rule": self.rule, "detail": detail}


class ViolationLog:
    """The newest violations, and the number of all of them."""

    def __init__(self) -> None:
        """Begin with none."""
        self._kept: deque[Violation] = deque(maxlen=_KEPT)
        self.count = 0

    def note(self, violation: Violation) -> None:
        """Add one violation; a rule outside the table is a bug here."""
        if violation.rule not in RULES:
            raise KeyError(violation.rule)
        self._kept.append(violation)
        self.count += 1

    def entries(self) -> tuple[Violation, ...]:
        """Return the kept violations, oldest first."""
        return tuple(self._kept)
