"""The command line itself: where options stand, what is offered for a slip."""

import json

import pytest
from jsonschema import Draft202012Validator

COMMANDS = [
    ["validate"], ["plan"], ["apply"], ["show"], ["explain"], ["import"], ["state"],
    ["schema"], ["sandbox"], ["state", "list"], ["state", "show"], ["state", "forget"],
    ["state", "doubt"], ["state", "copy"],
]  # fmt: skip


@pytest.fixture
def begun(desk):
    desk.begun({"u1": {"Plan": "Free"}})
    desk.people({"u1": {"Plan": "Gold"}})
    return desk


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(desk, words):
    for option in ("-h", "--help"):
        ended = desk.ok(*words, option)
        assert ended.out.startswith(f"Usage: ctsync {' '.join(words)}")


def test_without_a_command_the_commands_are_listed(desk):
    text = desk.ok().out
    for words in COMMANDS:
        assert words[0] in text
    assert "Exit codes" in text
    assert desk.ok("--version").out.startswith("ctsync, version ")


@pytest.mark.parametrize(
    "options",
    [["--format", "json"], ["--env", "few"], ["--sandbox"], ["--no-color"], ["-v"]],
    ids=" ".join,
)
def test_global_options_stand_before_or_after_the_command(begun, options):
    begun.project("environments: {few: {name: few}}")
    after = begun.run("plan", *options)
    assert begun.run(*options, "plan") == after
    assert after.code == 0


def test_a_folder_is_named_before_or_after(begun, monkeypatch, tmp_path):
    inside = begun.ok("plan").out
    monkeypatch.chdir(tmp_path)
    assert begun.run("plan").code == 64
    assert begun.ok("-C", "project", "plan").out == inside
    assert begun.ok("plan", "-C", "project").out == inside
    assert begun.ok("plan", "project").out == inside
    assert begun.ok("plan", "project/ctsync.yaml").out == inside


def test_files_on_the_command_line_stand_in_the_folder_that_was_chosen(
    begun, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    begun.ok("-C", "project", "plan", "--out", "p.plan")
    assert (begun.folder / "p.plan").exists()
    begun.ok("-C", "project", "show", "p.plan")
    words = ["apply", "p.plan", "--auto-approve", "--report", "r.jsonl"]
    begun.ok("-C", "project", *words)
    assert (begun.folder / "r.jsonl").exists()


@pytest.mark.parametrize(
    ("words", "nearest"),
    [
        (["plam"], '"plan"'),
        (["validat"], '"validate"'),
        (["state", "forgot"], '"forget"'),
        (["plan", "--targt", "identity=u1"], "--target"),
        (["apply", "--expect-digst", "x"], "--expect-digest"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_slip_names_the_nearest(desk, words, nearest):
    ended = desk.run(*words)
    assert ended.code == 64
    assert nearest in ended.err
    assert desk.run(*words, "--format", "json").document["exit_code"] == 64


def test_a_format_that_a_command_has_not_is_usage(desk):
    for words in (
        ["explain", "u1"],
        ["state", "show", "u1"],
        ["apply", "--auto-approve"],
    ):
        ended = desk.run(*words, "--format", "jsonl")
        assert ended.code == 64


def test_schemas_are_json_schema_and_know_the_catalog(desk):
    for what in ("project", "spec"):
        schema = json.loads(desk.ok("schema", what).out)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        Draft202012Validator.check_schema(schema)
    assert '"Points"' in desk.ok("schema", "spec").out
    assert desk.ok("schema").out == desk.ok("schema", "spec").out


def test_what_the_schema_takes_validate_takes_too(desk):
    spec = {"profiles": [{"identity": "u1", "attributes": {"Plan": "Free"}}]}
    schema = Draft202012Validator(json.loads(desk.ok("schema", "spec").out))
    assert schema.is_valid(spec)
    assert not schema.is_valid({"profile": []})
    assert not schema.is_valid({"profiles": [{"attributes": {"Plan": "Free"}}]})


def test_validate_gives_annotations_for_github(desk):
    desk.people({"u1": {"phone": "+14155551234"}})
    ended = desk.run("validate", "--format", "github")
    assert ended.code == 1
    assert ended.out == (
        "::error file=people.yaml,line=6,col=5,title=CT303::"
        '"phone" is not the system attribute Phone (write Phone)\n'
    )


def test_colours_only_reach_a_terminal(begun):
    assert "\x1b[" not in begun.ok("plan").out


def test_a_process_ends_with_the_code_that_its_document_says(begun):
    for words in (["plan", "--detailed-exitcode"], ["plan", "--nothing"],
                  ["apply"], ["state", "list"]):  # fmt: skip
        ended = begun.process(*words, "--format", "json")
        assert ended.code == ended.document["exit_code"]
        assert ended.err == ""


def test_logs_say_what_is_done_and_nothing_personal(begun):
    begun.people({"ann@example.com": {"Name": "Canary"}})
    ended = begun.process("apply", "--auto-approve", "-v", "-v")
    assert ended.code == 0
    for word in ("Canary", "ann@", "CANARY-PASSCODE"):
        assert word not in ended.err
