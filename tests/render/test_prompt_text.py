"""Whoever approves sees who gets messages first, where all goes, and whole words."""

import pytest

from ctsync.model.snapshot import Account
from ctsync.render.prompt_text import prompt_lines
from ctsync.render.text_width import columns_of


@pytest.fixture
def lines(a):
    """Give the lines of a prompt."""

    def ask(*changes, done=None, width=80, colour=False, **rest):
        view = a.view(*changes, account=Account("WR8-9K6-7Z5Z", "in1"), **rest)
        asked = prompt_lines(
            view, host="in1.api.clevertap.com", environment="prod", done=done,
            width=width, colour=colour, is_first=view.head.first_run,
        )  # fmt: skip
        return list(asked)

    return ask


def test_the_prompt_names_all_that_is_decided(a, lines):
    message = a.change("u2", a.operation("MSG-email"), opt_in=True, action="create")
    asked = lines(a.change("u1", a.operation(before="Free")), message, first_run=True)
    assert asked == [
        "OPT-IN: 1 profile is opted in to messages",
        "FIRST RUN: there is no state to compare with.",
        "1 to create, 1 to update, 0 to release, 0 lose values.",
        "Apply to environment prod, account WR8-9K6-7Z5Z, region in1, host",
        "  in1.api.clevertap.com?",
    ]


def test_opt_ins_stand_in_yellow(a, lines):
    asked = lines(a.change("u", a.operation("MSG-sms"), opt_in=True), colour=True)
    assert asked[0].startswith("\x1b[33mOPT-IN")


def test_a_plan_that_goes_on_says_how_far_it_has_come(a, lines):
    changes = [a.change(f"u{n:04}", a.operation(before="x")) for n in range(5025)]
    assert "continuing: 1,000 of 5,025 changes done" in lines(*changes, done=1000)


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_the_prompt_fits_and_breaks_at_words(a, lines, width):
    places = {"account": "A" * 20, "state": "B" * 30, "region": "us1"}
    asked = lines(
        a.change("u", a.operation("MSG-sms"), opt_in=True),
        width=width,
        talks_to=places,
        talked_to=dict.fromkeys(places, "other place"),
    )
    assert all(columns_of(line) <= width for line in asked)
    words = " ".join(line.strip() for line in asked).split()
    for word in ("WR8-9K6-7Z5Z,", "in1.api.clevertap.com?", "B" * 30 + ","):
        assert word in words


def test_no_name_is_acted_on(a):
    view = a.view(a.change("u", a.operation()), account=Account("a\x1b[2J", "in1"))
    asked = prompt_lines(
        view, host="h\r::error::", environment="\u202e", done=None, width=80,
        colour=False, is_first=False,
    )  # fmt: skip
    assert not {"\x1b", "\r", "\u202e"}.intersection("".join(asked))
