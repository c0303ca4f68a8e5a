"""What kinds with one value share: send if different, assign if in doubt."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from ctsync.canonical_json import canonical
from ctsync.kinds.base import Kind, MoveColumns, MoveNames, ValueContext
from ctsync.model.attribute import Attribute
from ctsync.model.desired_value import DesiredValue
from ctsync.model.entry import KnownValue
from ctsync.model.operation import API, ChannelName, Operation, Prior
from ctsync.model.scalar_value import Scalar
from ctsync.sql_text import quoted


class ScalarKind(Kind):
    """A kind whose value is replaced as a whole."""

    def diff(
        self, known: KnownValue | None, target: DesiredValue, frame: ValueContext
    ) -> tuple[Operation, ...]:
        """Nothing where the value is certainly there, else one operation."""
        if known is not None and _is_held(known, target) and self.is_certain(known):
            return ()
        return self.assign(known, target, frame)

    def assign(
        self,
        known: KnownValue | None,
        target: DesiredValue,
        frame: ValueContext,  # noqa: ARG002 - asked of every kind
    ) -> tuple[Operation, ...]:
        """Overwrite, or delete where the target is absence."""
        removes = target.value is None
        operation = Operation(
            attribute=target.attribute,
            kind=self.name,
            operator="$delete" if removes else "set",
            operand=1 if removes else target.value,
            prior=self.prior(known),
            before=None if known is None else known.value,
            after=target.value,
            sensitive=target.sensitive,
            since=None if known is None else known.since,
            channel=self._channel(target.attribute) if removes else API,
        )
        return (operation,)

    def _channel(self, attribute: str) -> ChannelName:
        # Where no channel removes it, nobody asks; the API is not to be tried.
        return self.removal_channel(attribute) or "sftp"

    def removal(self, rule: Attribute, frame: ValueContext) -> DesiredValue:
        """Return the target that null means.

        Raises:
            Faults: no channel that the project allows takes the attribute away.
        """
        self.refuse_removal(rule.attribute, frame)
        return self.wanted(None, rule)

    def wanted(self, value: Scalar | None, rule: Attribute) -> DesiredValue:
        """Return the target of a value in normal form; None is to have none."""
        return DesiredValue(
            rule.attribute,
            self.name,
            value,
            write=rule.write,
            sensitive=rule.sensitive,
        )

    def moves(self, names: MoveNames, rule: Attribute) -> MoveColumns | None:
        """Overwrite what is certain, of this kind and of the name as it is spelled."""
        held, before, value, _ = names
        forms = _stored_forms(self.name, rule.attribute)
        same = " OR ".join(
            f"{held} = concat({quoted(form)}, {value}, '}}')" for form in forms
        )
        # Most of what is held is what is wanted, and then it need not be taken apart.
        return MoveColumns(
            f"CASE WHEN {same} THEN {value} "
            f"ELSE {self.plain_before(_value_in(held, forms))} END",
            f"CASE WHEN {before} = {value} THEN '' ELSE 's' END",
            value,
        )

    def plain_before(self, value: str) -> str:
        """Return SQL of a held value: NULL where equal values may be spelled otherwise.

        An escape in text may be written in several ways.
        """
        return f"CASE WHEN NOT contains({value}, '\\') THEN {value} END"

    def target_of(self, operations: Sequence[Operation]) -> DesiredValue:
        """Return the value that is there in the end."""
        last = operations[-1]
        value = None if isinstance(last.after, tuple) else last.after
        return DesiredValue(last.attribute, self.name, value, sensitive=last.sensitive)

    def prior(self, known: KnownValue | None) -> Prior:
        """Say what the snapshot knows. A value of another kind is uncertain."""
        if known is None:
            return "unknown"
        return "known" if self.is_certain(known) else "uncertain"

    def is_certain(self, known: KnownValue) -> bool:
        """Return whether the value is certain, and of this kind or certainly absent."""
        if known.present or known.maybe:
            return False
        if known.is_set:
            return known.certain and known.complete
        return known.certain and (known.kind == self.name or known.value is None)

    def apply(
        self, known: KnownValue | None, operation: Operation, *, certain: bool = True
    ) -> KnownValue:
        """Hold the value sent; in doubt, the last one known and both as possible."""
        after = None if isinstance(operation.after, tuple) else operation.after
        settled = KnownValue(operation.attribute, self.name, after, owned=True)
        if certain:
            return settled
        before = None if known is None else known.value
        # Texts alone: should it become a list, nobody knows as which text others would
        # stay.
        texts = {text for text in (before, after) if isinstance(text, str)}
        maybe = texts.union(() if known is None else (*known.present, *known.maybe))
        return replace(settled, value=before, certain=False, maybe=tuple(sorted(maybe)))


def _is_held(known: KnownValue, target: DesiredValue) -> bool:
    held, wanted = known.value, target.value
    # For Python true equals 1; for the platform it does not.
    return held == wanted and isinstance(held, bool) == isinstance(wanted, bool)


def _stored_forms(kind: str, name: str) -> tuple[str, str]:
    """Return how a stored form begins that says nothing but a value, ours or not.

    Its keys stand in order, and `value` is the last of those that there can be.
    """
    words = b'"kind":%b,"name":%b' % (canonical(kind), canonical(name))
    plain, owned = (',"value":', ',"owned":true,"value":')
    return f"{{{words.decode()}{owned}", f"{{{words.decode()}{plain}"


def _value_in(held: str, forms: Sequence[str]) -> str:
    """Return SQL of the value in a stored form that begins so; else it is NULL."""
    cases = (
        f"WHEN starts_with({held}, {quoted(form)}) THEN {held}[{len(form) + 1}:-2]"
        for form in forms
    )
    return f"CASE {' '.join(cases)} END"
