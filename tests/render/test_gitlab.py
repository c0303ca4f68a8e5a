"""GitLab's widget reads three counts; see its public docs on Terraform reports."""

import json

import pytest


@pytest.fixture
def report(a, whole):
    return lambda *changes, **rest: json.loads(
        whole("gitlab", a.view(*changes, **rest))
    )


def test_a_plan_without_changes_is_three_zeros(report):
    assert report() == {"create": 0, "update": 0, "delete": 0}


def test_every_profile_that_is_sent_counts_once(a, report):
    gone = a.operation("Gender", "$delete", 1, before="M", after=None)
    fewer = a.operation("Tags", "$remove", ("a",), kind="list", before=("a",), after=())
    changes = (
        a.change("new", a.operation(), action="create"),
        a.change("new without", a.operation(), gone, action="create"),
        a.change("other", a.operation()),
        a.change("third", a.operation()),
        a.change("less", fewer, a.operation()),
        a.change("released", action="release", released=("Old Plan",)),
    )
    assert report(*changes) == {"create": 1, "update": 2, "delete": 2}


def test_only_what_is_chosen_is_counted(a, report):
    change = a.change("u", a.operation())
    counts = report(change, targets=("identity=u",), hidden=7, left_out=3)
    assert counts == {"create": 0, "update": 1, "delete": 0}


def test_the_report_is_one_line_of_json(a, whole):
    text = whole("gitlab", a.view(a.change("u", a.operation())))
    assert text == '{"create":0,"delete":0,"update":1}\n'
