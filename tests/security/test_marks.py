"""What was sensitive stays hidden until an apply has agreed to show it."""

import json

import pytest

SHOWING = [
    ["plan", "--all"],
    ["explain", "u1"],
    ["state", "show", "u1"],
    ["show", "p.plan", "--all"],
    ["apply", "--auto-approve"],
    ["apply", "--dry-run"],
]
FORMATS = ["text", "json", "jsonl", "markdown", "html", "github", "gitlab"]
MARKED = "catalog: {Salary: {type: string, sensitive: true}}"
UNMARKED = "catalog: {Salary: {type: string}}"


def people(desk, salary):
    profiles = [{"identity": "u1", "attributes": {"Salary": salary}}]
    desk.write("people.yaml", json.dumps({"profiles": profiles}))


def configure(desk, catalog, more=""):
    text = (desk.folder / "ctsync.yaml").read_text().partition("catalog:")[0]
    desk.write("ctsync.yaml", f"{text}{catalog}\n{more}\n")


def header_of(desk):
    """What the state says of itself."""
    return json.loads((desk.folder / "state.jsonl").read_text().splitlines()[0])


@pytest.fixture
def marked(desk):
    """A state that knows a sensitive value, and a spec that calls it so no longer."""
    configure(desk, MARKED)
    people(desk, "CANARY-1000")
    assert desk.apply().code == 0
    configure(desk, UNMARKED)
    people(desk, "CANARY-2000")
    assert desk.run("plan", "--out", "p.plan").code == 0
    return desk


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("words", SHOWING, ids=" ".join)
def test_a_spec_that_drops_a_mark_shows_nothing(marked, words, format_name):
    ended = marked.run(*words, "--format", format_name, "-vv")
    assert "CANARY" not in ended.said


@pytest.mark.parametrize("format_name", ["text", "markdown", "html", "github"])
def test_every_rendering_says_that_a_mark_was_dropped(marked, format_name):
    said = marked.run("plan", "--format", format_name).out
    assert "No longer marked as sensitive" in said
    assert "--accept reveal=1" in said


def test_an_apply_that_accepts_no_or_another_number_keeps_it_hidden(marked):
    assert marked.apply("--accept", "reveal=2").code == 0
    assert "CANARY" not in marked.run("state", "show", "u1").out


def test_an_apply_that_accepts_it_shows_it_from_then_on(marked):
    ended = marked.apply("--accept", "reveal=1")
    assert ended.code == 0
    assert "CANARY" not in ended.said
    assert "CANARY-2000" in marked.run("state", "show", "u1").out
    people(marked, "CANARY-3000")
    said = marked.run("plan").out
    assert '"CANARY-2000" -> "CANARY-3000"' in said
    assert "No longer marked" not in said


def test_an_apply_that_has_nothing_else_to_do_may_accept_it_too(marked):
    assert marked.apply().code == 0
    assert "CANARY" not in marked.run("state", "show", "u1").out
    before = header_of(marked)
    assert marked.apply("--accept", "reveal=1").code == 0
    assert "CANARY-2000" in marked.run("state", "show", "u1").out
    after = header_of(marked)
    assert (before["marks"], after.get("marks", [])) == (["salary"], [])
    assert after["serial"] == before["serial"] + 1
    assert marked.apply("--accept", "reveal=1").code == 0
    assert header_of(marked) == after  # there was nothing left to forget


def test_a_reviewed_plan_carries_what_was_accepted(marked):
    assert marked.run("plan", "--accept", "reveal=1", "--out", "q.plan").code == 0
    assert "CANARY" not in marked.run("show", "q.plan", "--all").said
    assert marked.run("apply", "q.plan", "--auto-approve").code == 0
    assert "CANARY-2000" in marked.run("state", "show", "u1").out


def test_a_new_mark_hides_at_once_and_is_remembered(marked):
    assert marked.apply("--accept", "reveal=1").code == 0
    configure(marked, MARKED)
    assert "CANARY" not in marked.run("state", "show", "u1").out
    people(marked, "CANARY-4000")
    assert marked.apply().code == 0
    configure(marked, UNMARKED)
    assert "CANARY" not in marked.run("state", "show", "u1").out


def test_hidden_identities_stay_hidden(desk):
    desk.write("people.yaml", "profiles: [{identity: CANARY-ann, attributes: {A: b}}]")
    configure(desk, "catalog: {identity: {sensitive: true}}")
    assert desk.apply().code == 0
    configure(desk, UNMARKED)
    desk.write("people.yaml", "profiles: [{identity: CANARY-ann, attributes: {A: c}}]")
    for words in (["plan", "--all"], ["state", "list"], ["explain", "CANARY-ann"]):
        assert "CANARY" not in desk.run(*words).said, words
    assert "identity" in desk.run("plan").out
    assert desk.apply("--accept", "reveal=1").code == 0
    assert "CANARY-ann" in desk.run("state", "list").out


class TestPlaces:
    """Where an apply will talk to, and what of that is new since the last one."""

    @pytest.fixture
    def moved(self, desk, listen, monkeypatch):
        said = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        first, second = (listen(lambda c: c.sendall(said)) for _ in range(2))
        monkeypatch.setenv("HOOK", f"{first.url}/CANARY")
        configure(desk, UNMARKED, "notify: ${HOOK}")
        people(desk, "1")
        assert desk.apply().code == 0
        people(desk, "2")
        desk.hooks = first.url, second.url
        return desk

    def test_an_unchanged_place_is_shown_and_is_no_news(self, moved):
        ended = moved.run("plan")
        assert f"State in state.jsonl, notifies {moved.hooks[0]}\n" in ended.out
        assert "NEW" not in ended.out
        assert "CANARY" not in ended.said

    @pytest.mark.parametrize("format_name", FORMATS[:-1])
    def test_another_webhook_is_news_in_every_rendering(
        self, moved, monkeypatch, format_name
    ):
        monkeypatch.setenv("HOOK", f"{moved.hooks[1]}/CANARY")
        said = moved.run("plan", "--format", format_name).out
        assert moved.hooks[0] in said
        assert moved.hooks[1] in said
        assert "CANARY" not in said
        if format_name in {"json", "jsonl"}:
            assert '"new_since_last_apply": ["notify"]' in said or (
                '"new_since_last_apply":["notify"]' in said
            )
        else:
            assert "NEW" in said

    def test_no_webhook_any_more_is_news(self, moved):
        configure(moved, UNMARKED)
        assert "NEW since the last apply: notify none" in moved.run("plan").out

    def test_a_state_that_was_moved_is_news_until_the_next_apply(self, moved):
        moved.run("state", "copy", "other.jsonl", "--auto-approve")
        text = (moved.folder / "ctsync.yaml").read_text()
        moved.write("ctsync.yaml", text.replace("state.jsonl", "other.jsonl"))
        words = "NEW since the last apply: state other.jsonl, was state.jsonl"
        assert words in moved.run("plan").out
        assert moved.apply().code == 0
        people(moved, "3")
        assert "NEW" not in moved.run("plan").out
