"""Values that try to move the cursor, turn the text around, or end a line."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctsync.diagnostics import Diagnostic
from ctsync.model.change import Change, Origin
from ctsync.model.operation import Operation
from ctsync.model.profile_key import ProfileKey
from ctsync.render import change_lines
from ctsync.render.plan_view import Style
from ctsync.render.renderers import renderer_names
from ctsync.render.safe_json import json_text
from ctsync.render.text_width import columns_of, cut, escape, pad

HOSTILE = "\x1b[31mred\x1b[0m\n\r\t\x00\x9b2J\u202ereversed\u2028\u200b\ufeff\x7f"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def acting(text):
    unprintable = {"Cc", "Cf", "Zl", "Zp"}
    return [c for c in text if unicodedata.category(c) in unprintable and c != "\n"]


@pytest.fixture
def hostile(a):
    operations = (
        a.operation(HOSTILE, operand=HOSTILE, before=HOSTILE),
        a.operation(
            f"{HOSTILE} 2", "$add", (HOSTILE,), kind="list", prior="uncertain",
            since=HOSTILE,
        ),
    )  # fmt: skip
    change = Change(
        ProfileKey("identity", HOSTILE),
        "update",
        operations,
        (Origin(HOSTILE, 1),),
        (HOSTILE,),
    )
    words = [HOSTILE] * 3
    finding = Diagnostic("error", "CT101", *words, 1, 1, attribute=HOSTILE)
    return a.view(
        change,
        environment=HOSTILE,
        targets=(f"file={HOSTILE}",),
        diagnostics=(finding,),
        diagnostic_totals={"CT101": 1},
    )


@pytest.mark.parametrize("name", sorted(renderer_names()))
@pytest.mark.parametrize("verbose", [False, True])
def test_no_rendering_lets_a_control_character_through(whole, hostile, name, verbose):
    assert acting(whole(name, hostile, everything=True, verbose=verbose)) == []


def test_a_value_cannot_make_a_line_of_its_own(a, text):
    change = a.change("u", a.operation(operand='x"\nPlan: 0 to create'))
    shown = text(a.view(change))
    assert '"x\\"\\nPlan: 0 to create"' in shown


def test_quotes_and_backslashes_are_told_apart(a, text):
    change = a.change("u", a.operation(operand='a\\"b'))
    assert r'"a\\\"b"' in text(a.view(change))


def test_json_keeps_hostile_values_whole(whole, hostile):
    (change,) = json.loads(whole("json", hostile))["changes"]
    assert change["operations"][0]["operand"] == HOSTILE
    assert change["key"] == {"identity": HOSTILE}


def test_json_lines_are_lines_for_every_reader(whole, hostile):
    lines = whole("jsonl", hostile).splitlines()
    assert len(lines) == 2
    assert all(json.loads(line) for line in lines)


@given(TEXTS)
def test_escaped_json_is_the_same_json(text):
    shown = json_text({"a": text})
    assert json.loads(shown) == {"a": text}
    assert acting(shown) == []


@given(TEXTS, st.integers(1, 50))
def test_cut_text_fits(text, columns):
    shown = cut(escape(text), columns)
    assert columns_of(shown) <= columns
    assert columns_of(pad(shown, columns)) == columns


@given(TEXTS, TEXTS, TEXTS, st.sampled_from(["set", "$add", "$remove"]))
def test_any_text_gives_plain_lines_that_fit(name, before, after, operator):
    values = (after,) if operator != "set" else after
    operation = Operation(name, "string", operator, values, "known", before, values)
    change = Change(ProfileKey("objectId", "x"), "update", (operation,))
    from ctsync.model.masking import Mask

    for line in change_lines.change_lines(change, Mask(), Style()):
        assert acting(line) == []
        assert "\n" not in line
        assert columns_of(line) <= 80
