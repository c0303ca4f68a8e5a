"""Null: what takes an attribute away, and what is said where nothing does."""

import pytest

from ctsync.kinds import KINDS
from ctsync.kinds.base import ValueContext
from ctsync.model.attribute import Attribute
from ctsync.model.desired_value import DesiredValue
from ctsync.model.fault import Faults
from ctsync.model.scalar_value import Literal

NULL = Literal("null", "null")
API, FILES = ValueContext(), ValueContext(removals="sftp")


def of_null(kind, attribute, frame, **rule):
    return KINDS[kind].normalize(NULL, Attribute(attribute, kind, **rule), frame)


@pytest.mark.parametrize("kind", ["string", "number", "counter", "boolean", "date"])
def test_where_files_may_remove_null_is_the_absence_of_a_value(kind):
    rule = {"write": "locked", "sensitive": True}
    target = of_null(kind, "Plan", FILES, **rule)
    assert target == DesiredValue("Plan", kind, **rule)


@pytest.mark.parametrize(
    ("kind", "attribute", "channel"),
    [("string", "Name", "api"), ("string", "Plan", "sftp"), ("date", "DOB", "sftp")],
)
def test_a_removal_travels_by_the_channel_that_can_do_it(kind, attribute, channel):
    target = of_null(kind, attribute, FILES)
    (operation,) = KINDS[kind].assign(None, target, FILES)
    assert (operation.operator, operation.channel) == ("$delete", channel)


def test_a_value_travels_by_the_api():
    wanted = DesiredValue("Plan", "string", "Gold")
    assert KINDS["string"].assign(None, wanted, FILES)[0].channel == "api"


@pytest.mark.parametrize("frame", [API, FILES])
def test_what_nothing_removes_is_not_sent_to_the_project_file(frame):
    """Who has subscriptions removed by file would wait for it for ever."""
    with pytest.raises(Faults) as refused:
        of_null("subscription", "MSG-email", frame)
    (fault,) = refused.value.faults
    assert (fault.code, "no way" in fault.message) == ("CT204", True)
    assert "channels" not in fault.hint


def test_what_only_a_file_removes_says_how_to_ask_for_it():
    with pytest.raises(Faults) as wrong:
        of_null("number", "Age", API)
    assert "channels: {removals: sftp}" in wrong.value.faults[0].hint
