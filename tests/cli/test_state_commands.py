"""Looking at what is known, and correcting it; nothing is ever sent."""

import json

import pytest


@pytest.fixture
def known(desk):
    desk.project("cohorts: {vip: {members: [u1], attributes: {Tier: VIP}}}")
    desk.begun(
        {f"u{n}": {"Plan": "Free", "Points": n, "Tags": ["a"]} for n in range(3)}
    )
    return desk


def _header(desk):
    return json.loads(desk.state().splitlines()[0])


def _operators(plan):
    return {
        (change["key"]["identity"], op["attribute"]): op["operator"]
        for change in plan["changes"]
        for op in change["operations"]
    }


def test_the_list_names_profiles_and_serial(known):
    text = known.ok("state", "list").out
    assert "identity u1  4 attributes" in text
    assert "3 profiles, state serial 1" in text
    document = known.json("state", "list")
    assert document["base"] == {"lineage": _header(known)["lineage"], "serial": 1}
    assert [e["key"]["identity"] for e in document["entries"]] == ["u0", "u1", "u2"]


@pytest.mark.parametrize(
    ("selectors", "chosen"),
    [
        (["identity=u[12]"], ["u1", "u2"]),
        (["cohort=vip"], ["u1"]),
        (["attribute=Tier"], ["u1"]),
        (["attribute=Plan", "identity=u0", "identity=u2"], ["u0", "u2"]),
    ],
    ids=" ".join,
)
def test_the_list_takes_selectors(known, selectors, chosen):
    words = [word for each in selectors for word in ("--target", each)]
    entries = known.json("state", "list", *words)["entries"]
    assert [entry["key"]["identity"] for entry in entries] == chosen


@pytest.mark.parametrize("word", ["identity=u7", "file=people.yaml", "plan=x"])
def test_a_selector_that_a_state_cannot_answer_is_usage(known, word):
    ended = known.run("state", "list", "--target", word)
    assert (ended.code, ended.out) == (64, "")


def test_the_list_can_be_of_those_that_no_place_names(known):
    known.people({"u0": {"Plan": "Free", "Points": 0, "Tags": ["a"]}})
    known.project("cohorts: {vip: {members: [u1], attributes: {Tier: VIP}}}")
    listed = known.json("state", "list", "--undeclared")["entries"]
    assert [entry["key"]["identity"] for entry in listed] == ["u2"]
    assert known.plan()["summary"]["profiles"]["undeclared"] == len(listed)
    words = ("--undeclared", "--target", "identity=u1")
    assert known.json("state", "list", *words)["entries"] == []


def test_those_that_no_place_names_are_not_known_while_the_project_has_errors(known):
    known.write("people.yaml", "profiles: [{identity: u0, attributes: {Age: x}}]")
    ended = known.run("state", "list", "--undeclared")
    assert (ended.code, ended.out) == (1, "")
    assert known.ok("state", "list").out


def test_the_list_comes_in_lines_too(known):
    *entries, document = map(json.loads, known.ok(
        "state", "list", "--format", "jsonl").out.splitlines())  # fmt: skip
    whole = known.json("state", "list")
    assert entries == whole.pop("entries")
    assert document == whole


def test_an_entry_shows_values_and_what_they_rest_on(known):
    text = known.ok("state", "show", "u1").out
    assert "counter, owned, certain" in text
    entry = known.json("state", "show", "u1")["entry"]
    values = {each["attribute"]: each["value"] for each in entry["attributes"]}
    assert values["Points"] == 1
    assert entry["cohorts"] == ["vip"]


def test_without_a_state_looking_is_no_error(desk):
    assert "no state" in desk.ok("state", "list").out
    assert desk.run("state", "show", "u1").code == 64
    assert desk.run("state", "copy", "x.jsonl", "--auto-approve").code == 1


def test_forgetting_a_profile_makes_it_new_again(known):
    calls = known.calls
    known.ok("state", "forget", "u1", "--auto-approve")
    assert _header(known)["serial"] == 2
    (change,) = known.plan()["changes"]
    assert (change["key"], change["action"]) == ({"identity": "u1"}, "create")
    assert known.calls == calls


def test_forgetting_an_attribute_has_it_assigned_everywhere(known):
    known.ok("state", "forget", "--attribute", "points", "--auto-approve")
    assert _operators(known.plan()) == {
        ("u0", "Points"): "set",
        ("u1", "Points"): "set",
        ("u2", "Points"): "set",
    }


def test_doubting_a_profile_assigns_it_and_no_other(known):
    known.ok("state", "doubt", "u1", "--auto-approve")
    assert {key for key, _ in _operators(known.plan())} == {"u1"}
    assert known.apply().code == 0
    assert known.plan()["changes"] == []


def test_doubting_a_plan_touches_what_it_touches(known):
    known.people({f"u{n}": {"Plan": "Gold", "Points": n, "Tags": ["a"]} for n in (0, 1)}
                 | {"u2": {"Plan": "Free", "Points": 9, "Tags": ["a"]}})  # fmt: skip
    known.ok("plan", "--out", "p.plan")
    known.ok("state", "doubt", "--plan", "p.plan", "--auto-approve")
    assert _operators(known.plan()) == {
        ("u0", "Plan"): "set",
        ("u1", "Plan"): "set",
        ("u2", "Points"): "set",
    }


def test_a_doubted_counter_is_assigned(known):
    known.ok("state", "doubt", "--attribute", "Points", "--auto-approve")
    fifty = {"Plan": "Free", "Points": 50, "Tags": ["a"]}
    known.people({f"u{n}": fifty for n in range(3)})
    assert set(_operators(known.plan()).values()) == {"set"}
    assert known.apply().code == 0
    assert known.platform("u0")["Points"] == 50


def test_a_state_edited_by_hand_is_refused_by_all_until_it_is_doubted(known):
    path = known.folder / "state.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"value":2', b'"value":7'))
    edited, calls = known.state(), known.calls
    commands = (
        ["plan"], ["apply", "--auto-approve"], ["state", "list"], ["explain", "u1"],
        ["state", "show", "u1"], ["state", "doubt", "u1", "--auto-approve"],
        ["state", "forget", "u1", "--auto-approve"],
        ["state", "rename", "u1", "u9", "--auto-approve"],
        ["state", "copy", "x.jsonl", "--auto-approve"],
        ["import", "spec", "--auto-approve"],
    )  # fmt: skip
    for words in commands:
        ended = known.run(*words)
        assert ended.code == 1, words
        assert "state.jsonl was edited" in ended.err, words
        assert "ctsync state doubt --all" in ended.err, words
    assert (known.state(), known.calls) == (edited, calls)
    known.ok("state", "doubt", "--all", "--auto-approve")
    assert set(_operators(known.plan()).values()) == {"set", "$add"}
    assert known.apply().code == 0
    assert known.plan()["changes"] == []
    assert known.platform("u2")["Points"] == 2


def test_what_is_asked_and_denied_is_not_written(known):
    before = known.files()
    for words in (["forget", "u1"], ["doubt", "--all"]):
        assert known.answer("no", "state", *words).code == 1
        assert known.run("state", *words, "--dry-run").code == 0
        assert known.files() == before
        assert known.answer("yes", "state", *words).code == 0
        before = known.files()
    assert _header(known)["serial"] == 3


@pytest.mark.parametrize(
    "words",
    [
        ["forget"],
        ["forget", "u1", "--attribute", "Plan"],
        ["doubt"],
        ["doubt", "u1", "--all"],
        ["forget", "u1", "nobody"],
    ],
    ids=" ".join,
)
def test_corrections_that_are_not_clear_are_usage(known, words):
    before = known.files()
    assert known.run("state", *words, "--auto-approve").code == 64
    assert known.files() == before


def test_keys_that_are_not_known_are_named(known):
    ended = known.run("state", "forget", "u1", "u8", "u9", "--auto-approve")
    assert "does not know u8, u9" in ended.err


def test_a_copy_keeps_lineage_and_serial_and_overwrites_nothing(known):
    known.ok("state", "copy", "copy.jsonl", "--auto-approve")
    copied = json.loads((known.folder / "copy.jsonl").read_text().splitlines()[0])
    header = _header(known)
    assert [copied[k] for k in ("lineage", "serial", "digest")] == [
        header[k] for k in ("lineage", "serial", "digest")
    ]
    known.ok("state", "forget", "u1", "--auto-approve")
    copy = (known.folder / "copy.jsonl").read_bytes()
    assert known.run("state", "copy", "copy.jsonl", "--auto-approve").code == 1
    assert (known.folder / "copy.jsonl").read_bytes() == copy
    file = known.folder / "ctsync.yaml"
    file.write_text(file.read_text().replace("state.jsonl", "copy.jsonl"))
    assert known.plan()["changes"] == []


def test_an_imported_spec_is_as_if_all_were_so_but_counters(desk):
    desk.project("cohorts: {vip: {members: [u1], attributes: {Tier: VIP}}}")
    desk.people({
        "u1": {"Plan": "Free", "Points": 4, "Tags": ["a"], "MSG-sms": True},
        "u2": {"Plan": "Gold", "Name": None},
    })  # fmt: skip
    ended = desk.json("import", "spec", "--auto-approve")
    assert (ended["written"], ended["profiles"], ended["serial"]) == (True, 2, 1)
    assert desk.calls == 0
    assert _operators(desk.plan()) == {("u1", "Points"): "set"}
    assert desk.json("import", "spec", "--auto-approve")["written"] is False


def test_an_import_can_be_a_part(desk):
    desk.people({f"u{n}": {"Plan": "Free"} for n in range(3)})
    desk.ok("import", "spec", "--target", "identity=u1", "--auto-approve")
    plan = desk.plan()
    assert [c["key"]["identity"] for c in plan["changes"]] == ["u0", "u2"]
    assert plan["first_run"] is False


def test_an_import_asks_and_can_be_tried(desk):
    desk.people({"u1": {"Plan": "Free"}})
    assert desk.run("import", "spec").code == 64
    assert desk.answer("no", "import", "spec").code == 1
    tried = desk.json("import", "spec", "--dry-run")
    assert (tried["written"], tried["profiles"]) == (False, 1)
    assert desk.state() == b""


def test_what_an_import_took_in_is_not_removed_when_it_leaves(desk):
    desk.people({"u1": {"Name": "Ann", "Plan": "Free"}})
    desk.ok("import", "spec", "--auto-approve")
    desk.project("policy: {undeclared: remove}")
    desk.people({"u1": {"Plan": "Free"}})
    plan = desk.plan()
    assert plan["summary"]["operations"]["$delete"] == 0


def test_explain_tells_sources_snapshot_and_exact_records(known):
    known.people({"u1": {"Plan": "Gold", "Points": 5, "Tags": ["b"]}})
    document = known.json("explain", "u1")
    assert [s["file"] for s in document["sources"]] == ["ctsync.yaml", "people.yaml"]
    assert [each["record"]["profileData"] for each in document["records"]] == [
        {"Plan": "Gold", "Tags": {"$add": ["b"]}},
        {"Tags": {"$remove": ["a"]}},
        {"Points": {"$incr": 4}},
    ]
    text = known.ok("explain", "u1").out
    for title in ("Declared", "Known", "A plan would do", "Records", "Sent before"):
        assert title in text


def test_what_explain_shows_is_what_is_sent(known):
    known.people({"u1": {"Plan": "Gold", "Points": 5, "Tags": ["b"]}})
    records = [each["record"] for each in known.json("explain", "u1")["records"]]
    calls = known.calls
    assert known.apply("--target", "identity=u1").code == 0
    sent = [r for call in known.sandbox.platform.calls[calls:] for r in call.records]
    assert sent == records


def test_a_plan_left_open_does_not_go_on_over_a_forgotten_profile(desk):
    desk.people({"u0": {"Plan": "Gold"}})
    desk.run("plan", "--out", "p.plan")
    desk.sandbox.script(*["lost"] * 9)
    ended = desk.run("apply", "p.plan", "--auto-approve", "--first-run")
    assert ended.code == 3
    desk.ok("state", "forget", "u0", "--auto-approve")
    refused = desk.run("apply", "p.plan", "--auto-approve")
    assert refused.code == 4
    assert "plan is stale" in refused.err
