"""How the tables of this room ask a kind: words in, target or codes out."""

from collections.abc import Callable

import pytest

from ctsync.kinds import KINDS
from ctsync.kinds.base import ValueContext
from ctsync.kinds.system_attributes import SYSTEM
from ctsync.model.attribute import Attribute
from ctsync.model.desired_value import DesiredValue
from ctsync.model.fault import Fault, Faults
from ctsync.model.scalar_value import Raw


@pytest.fixture
def frame() -> ValueContext:
    return ValueContext()


@pytest.fixture
def normalize(frame: ValueContext) -> Callable[..., DesiredValue]:
    """Normalise by kind, or by the name of a system attribute."""

    def ask(
        name: str, raw: Raw, *, rule: Attribute | None = None, **fields
    ) -> DesiredValue:
        rule = rule or SYSTEM.get(name) or Attribute("Plan", name, **fields)
        return KINDS[rule.kind or name].normalize(raw, rule, frame)

    return ask


@pytest.fixture
def faults_of(normalize) -> Callable[..., tuple[Fault, ...]]:
    """Normalise and give the faults."""

    def ask(name: str, raw: Raw, **fields) -> tuple[Fault, ...]:
        with pytest.raises(Faults) as caught:
            normalize(name, raw, **fields)
        return caught.value.faults

    return ask
