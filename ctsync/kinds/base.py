"""The six questions that every kind of attribute answers.

To add a kind, write one file in this package with a class that derives from `Kind`
and a module constant `KIND` that holds an instance of it. It is then found by name,
offered in the catalog, and put under every law of `tests/laws/`.

A kind is pure: it reads no clock, no file and no setting but what it is given, and it
never looks at another attribute. It answers in normal forms, which stand in
`ctsync.model.scalar_value`:

1. `schema`: which JSON may stand in a spec, as JSON Schema.
2. `normalize`: what the words of a spec mean. Raises `Faults` with everything wrong.
3. `diff`: the fewest operations that lead from what is known to the target.
4. `assign`: the operations that reach the target whatever the platform holds.
5. `apply`: what is known after an operation was acknowledged, or (`certain=False`)
   after its outcome was lost.
6. `target_of`: the target that operations of `diff` lead to. From what was known then,
   `diff` gives the same operations towards it; from what is known later, those of them
   that are still due.

A kind of which there may be millions also answers `is_unchanged`, at a look, and
`columns` and `moves`, in SQL: where these are sure of what they say, it is what
`normalize` and `diff` say, letter by letter, and where they are not, Python is asked.

`kinds/counter.py` is the smallest example.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from ctsync.kinds.type_faults import never_removable, not_removable
from ctsync.limits import PlatformLimits
from ctsync.model.attribute import Attribute
from ctsync.model.desired_value import DesiredValue
from ctsync.model.entry import KnownValue
from ctsync.model.fault import Fault, Faults
from ctsync.model.kind_shape import LIST, Shape, shape_of
from ctsync.model.operation import API, ChannelName, Operation
from ctsync.model.scalar_value import Raw, Value


class ValueContext(Struct, frozen=True):
    """What a project fixes for every value: its time zone and the platform's limits.

    `removals` is the channel by which goes what the upload API cannot remove; where it
    is the API itself, that stays.
    """

    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    limits: PlatformLimits = field(default_factory=PlatformLimits)
    removals: ChannelName = API


class CellColumns(NamedTuple):
    """What a cell means, as SQL over the text of the cell.

    `sound` says whether `normalize` gives exactly `value` and nobody finds anything
    wrong or odd; it is a BOOLEAN, never NULL where the cell is not. `value`, the JSON
    text of the value, is looked at only where the cell is sound; where it is NULL the
    cell is not sound after all, as of days that there are not.
    """

    sound: str
    value: str


class MoveNames(NamedTuple):
    """The columns that `moves` may look at, each where those before it are there.

    `held` is the stored form of what is known, as JSON text, `before` and `letter` are
    what the two expressions below give, and `value` is that of the cell.
    """

    held: str
    before: str
    value: str
    letter: str


class MoveColumns(NamedTuple):
    """What leads from what is held to a value, as SQL.

    `before` is the JSON text of the value held where it is certain, and equal values
    have equal texts; else it is NULL, and Python tells. `letter` is '' where nothing is
    to do, and a key of `model.decided_rows.LETTERS` where one operation is; `first` is
    that of the operation where nothing is held, and `letters` are all that there may
    be. `operand` gives the JSON text of the operand: where nothing is held, the value.
    With `is_open` there may be values that nobody here knows.
    """

    before: str
    letter: str
    operand: str
    first: str = "s"
    letters: str = "s"
    is_open: bool = False


class Kind(ABC):
    """What an attribute can be."""

    name: ClassVar[str]
    shape: ClassVar[Shape] = "scalar"  # "set": exact, include, exclude, and no value
    examples: ClassVar[tuple[Raw, ...]]  # words that it takes, two of them different
    is_declarable: ClassVar[bool] = True  # may stand as `type:` in the catalog
    is_in_files: ClassVar[bool] = True  # a file may say that an attribute goes
    takes_enum: ClassVar[bool] = False  # `enum:` of the catalog may name its values

    def __init_subclass__(cls) -> None:
        """Check the name, and let nothing be sure of what a subclass says anew.

        Raises:
            TypeError: the name does not say that the kind is one of sets, or says so.
        """
        super().__init_subclass__()
        name = vars(cls).get("name")
        if name is not None and shape_of(name) != cls.shape:
            message = f'the name of a kind of sets begins with "{LIST}-": {name}'
            raise TypeError(message)
        for said, sure in _SURE_OF.items():
            if said in vars(cls):
                for each in sure.difference(vars(cls)):
                    setattr(cls, each, getattr(Kind, each))

    def can_remove(self, attribute: str) -> bool:  # noqa: ARG002 - a default
        """Return whether the upload API can take the attribute away."""
        return False

    def removal_channel(self, attribute: str) -> ChannelName | None:
        """Return the channel that can take the attribute away; None: there is none."""
        if self.can_remove(attribute):
            return API
        return "sftp" if self.is_in_files else None

    def is_removable(self, attribute: str, frame: ValueContext) -> bool:
        """Return whether a project may ask for the attribute to be taken away."""
        return self.removal_channel(attribute) in {API, frame.removals}

    def merge(
        self, first: DesiredValue, second: DesiredValue, elsewhere: str
    ) -> DesiredValue:
        """Return the target of two places that speak of one attribute.

        `elsewhere` is where the first stands, for people.

        Raises:
            Faults: they want what cannot be together.
        """
        if first.value == second.value:
            return first
        raise Faults(unequal(second, elsewhere))

    def lint(self, target: DesiredValue) -> tuple[Fault, ...]:  # noqa: ARG002 - a default
        """Return what is allowed in a target and yet likely to surprise."""
        return ()

    def is_unchanged(
        self,
        raw: Raw,  # noqa: ARG002 - a default
        held: Value,  # noqa: ARG002
        rule: Attribute,  # noqa: ARG002
        frame: ValueContext,  # noqa: ARG002
    ) -> bool:
        """Say at a look that words mean what is held, and that all is well with them.

        `held` is a certain value of this kind. Where this is True, `normalize` and
        `lint` find no fault and `diff` has nothing to do; where it is False, they tell.
        """
        return False

    def columns(
        self,
        cell: str,  # noqa: ARG002 - a default
        sort: str,  # noqa: ARG002
        rule: Attribute,  # noqa: ARG002
        frame: ValueContext,  # noqa: ARG002
    ) -> CellColumns | None:
        """Say in SQL what a cell means; None where only Python can.

        `sort` is what cells of the column are: `text`, `untyped` for text of which the
        catalog decides what it is, `number`, `boolean`, `date`, `moment` or `list`.
        """
        return None

    def moves(self, names: MoveNames, rule: Attribute) -> MoveColumns | None:  # noqa: ARG002
        """Say in SQL what leads from what is held to a value; None: only Python can."""
        return None

    def refuse_removal(self, attribute: str, frame: ValueContext) -> None:
        """See that a project may ask for the attribute to be taken away.

        Raises:
            Faults: it may not; says what can be done.
        """
        if self.removal_channel(attribute) is None:
            raise Faults(never_removable(attribute))
        if not self.is_removable(attribute, frame):
            raise Faults(not_removable(attribute))

    @abstractmethod
    def describe(self) -> str:
        """Return what a value is, for messages, as in `a number`."""

    @abstractmethod
    def schema(self, rule: Attribute) -> Mapping[str, Any]:
        """Return the JSON Schema of a value in a spec."""

    @abstractmethod
    def normalize(self, raw: Raw, rule: Attribute, frame: ValueContext) -> DesiredValue:
        """Return the target that the words mean.

        Raises:
            Faults: everything wrong with them.
        """

    @abstractmethod
    def diff(
        self, known: KnownValue | None, target: DesiredValue, frame: ValueContext
    ) -> tuple[Operation, ...]:
        """Return the fewest operations that lead from `known` to `target`."""

    @abstractmethod
    def assign(
        self, known: KnownValue | None, target: DesiredValue, frame: ValueContext
    ) -> tuple[Operation, ...]:
        """Return operations that reach `target` from anything `known` admits."""

    @abstractmethod
    def target_of(self, operations: Sequence[Operation]) -> DesiredValue:
        """Return a target that all the operations on an attribute lead to."""

    @abstractmethod
    def apply(
        self, known: KnownValue | None, operation: Operation, *, certain: bool = True
    ) -> KnownValue:
        """Return what is known after `operation`."""


# Who means other words by a value, or sends it another way, is asked in Python alone,
# until it says itself how that is told at a look and in SQL.
_SURE_OF = {
    "normalize": frozenset({"is_unchanged", "columns"}),
    "diff": frozenset({"moves"}),
    "assign": frozenset({"moves"}),
}


def unequal(target: DesiredValue, elsewhere: str) -> Fault:
    """Return the fault of a value that is not what another place says."""
    return Fault(
        "CT309",
        f"{target.attribute} has another value here than in {elsewhere}",
        "declare it in one place, or make the values equal",
    )
