"""How the tables of this room ask a kind: words in, target or codes out."""

from collections.abc import Callable

import pytest

from ctsync.kinds import KINDS
from ctsync.kinds.base import Fault, Faults, Frame
from ctsync.kinds.system import SYSTEM
from ctsync.model.rule import Rule
from ctsync.model.target import Target
from ctsync.model.value import Raw


@pytest.fixture
def frame() -> Frame:
    return Frame()


@pytest.fixture
def normalize(frame: Frame) -> Callable[..., Target]:
    """Normalise by kind, or by the name of a system attribute."""

    def ask(name: str, raw: Raw, *, rule: Rule | None = None, **fields) -> Target:
        rule = rule or SYSTEM.get(name) or Rule("Plan", name, **fields)
        return KINDS[rule.kind].normalize(raw, rule, frame)

    return ask


@pytest.fixture
def faults_of(normalize) -> Callable[..., tuple[Fault, ...]]:
    """Normalise and give the faults."""

    def ask(name: str, raw: Raw, **fields) -> tuple[Fault, ...]:
        with pytest.raises(Faults) as caught:
            normalize(name, raw, **fields)
        return caught.value.faults

    return ask
