import json
import sys

import pytest
from msgspec.structs import replace

from ctsync.model.masking import Mask
from ctsync.render.plan_view import Style
from ctsync.render.renderers import renderer_for, renderer_names

DOCUMENT_KEYS = [
    "format", "exit_code", "error", "diagnostics", "diagnostic_totals", "digest",
    "environment", "account", "talks_to", "talked_to", "new_since_last_apply",
    "unmarked", "refreshed", "base", "first_run", "sandbox", "verified",
    "targets", "excludes", "partial", "accepted", "blocked", "summary",
]  # fmt: skip
OPERATION_KEYS = [
    "after", "attribute", "before", "certain", "channel", "kind", "operand", "operator",
    "prior", "sensitive", "since", "step",
]  # fmt: skip


def test_renderers_are_found_by_their_files():
    assert sorted(renderer_names()) == [
        "github", "gitlab", "html", "json", "jsonl", "markdown", "text",
    ]  # fmt: skip


def test_an_unknown_format_names_those_there_are():
    from ctsync.errors import UsageError

    with pytest.raises(UsageError, match="no --format yaml") as caught:
        renderer_for("yaml")
    known = "github, gitlab, html, json, jsonl, markdown, text"
    assert caught.value.hint == f"it has {known}"


def test_the_keys_of_the_document_are_pinned(a, whole, jack):
    data = json.loads(whole("json", a.view(jack)))
    assert list(data) == [*DOCUMENT_KEYS, "changes"]
    (change,) = data["changes"]
    assert sorted(change) == [
        "action", "forgotten", "key", "operations", "origins", "released",
    ]  # fmt: skip
    assert {tuple(sorted(op)) for op in change["operations"]} == {tuple(OPERATION_KEYS)}
    assert data["account"].keys() == {"id", "region", "endpoint"}
    assert data["base"] == {"lineage": "lineage-1", "serial": 3}


def test_a_change_is_shown_as_the_documents_promise(a, whole):
    operation = a.operation(
        "Points", "$incr", 20, kind="counter", before=100, after=120
    )
    data = json.loads(whole("json", a.view(a.change("1189549", operation))))
    assert data["changes"] == [
        {
            "key": {"identity": "1189549"},
            "action": "update",
            "origins": [{"file": "people/jack.yaml", "line": 3, "row": None}],
            "released": [],
            "forgotten": [],
            "operations": [
                {
                    "attribute": "Points",
                    "kind": "counter",
                    "operator": "$incr",
                    "operand": 20,
                    "prior": "known",
                    "before": 100,
                    "after": 120,
                    "step": 1,
                    "certain": True,
                    "sensitive": False,
                    "since": None,
                    "channel": "api",
                }
            ],
        }
    ]


def test_the_document_says_what_blocks_and_what_was_chosen(a, whole):
    rule = a.rule(
        rule="limits.update", limit="30%", actual=412, accept="--accept update=412"
    )
    view = a.view(blocked=(rule,), targets=("cohort=vip",), left_out=7, sandbox=True)
    data = json.loads(whole("json", view, exit_code=6))
    assert data["exit_code"] == 6
    assert data["error"] is None
    assert data["blocked"] == [
        {
            "rule": "limits.update",
            "limit": "30%",
            "actual": 412,
            "accept": "--accept update=412",
        }
    ]
    assert data["targets"] == ["cohort=vip"]
    assert data["partial"] == {"shown": 0, "of": 7}
    assert data["sandbox"] is True
    assert data["changes"] == []


def test_a_summary_has_no_key_for_changes(a, whole, jack):
    data = json.loads(whole("json", a.view(jack), summary_only=True))
    assert list(data) == DOCUMENT_KEYS


def test_lines_are_the_changes_and_then_the_document(a, whole, jack):
    other = a.change("u2", a.operation())
    view = a.view(jack, other)
    *changes, document = map(json.loads, whole("jsonl", view).splitlines())
    assert changes == json.loads(whole("json", view))["changes"]
    assert document.keys() == set(DOCUMENT_KEYS)


def test_a_summary_in_lines_is_the_document_alone(a, whole, jack):
    (line,) = whole("jsonl", a.view(jack), summary_only=True).splitlines()
    assert json.loads(line).keys() == set(DOCUMENT_KEYS)


@pytest.mark.parametrize("name", sorted(renderer_names()))
def test_the_same_plan_gives_the_same_bytes(a, whole, jack, name):
    assert whole(name, a.view(jack)) == whole(name, a.view(jack))


@pytest.mark.parametrize("name", sorted(renderer_names()))
def test_a_hundred_thousand_changes_are_never_kept(a, name):
    change = a.change("u", a.operation(before="Free"))
    keys = (change.key._replace(id=f"u{n}") for n in range(100_000))
    changes = (replace(change, key=key) for key in keys)
    view = a.view(profiles={"update": 100_000}, changes=lambda: changes)
    blocks = sys.getallocatedblocks()
    most = 0
    for number, _ in enumerate(renderer_for(name).render(view, Style())):
        if number % 50 == 0:
            most = max(most, sys.getallocatedblocks() - blocks)
    assert most < 20_000


def test_deleting_a_sensitive_attribute_still_shows_the_operand(a, whole):
    removal = a.operation(
        "Name", "$delete", 1, before="Jack", after=None, sensitive=True
    )
    data = json.loads(whole("json", a.view(a.change("u", removal))))
    (operation,) = data["changes"][0]["operations"]
    assert operation["operand"] == 1
    assert operation["before"] == {"masked": True}
    assert operation["after"] is None


def test_reveal_shows_sensitive_values(a, whole):
    change = a.change("jack@example.com", a.operation("Name", sensitive=True))
    view = a.view(change, mask=Mask("lineage-1", reveal=True))
    (shown,) = json.loads(whole("json", view))["changes"]
    assert shown["key"] == {"identity": "jack@example.com"}
    assert shown["operations"][0]["operand"] == "Gold"
