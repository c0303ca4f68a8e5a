"""A starter project works at once, and init never overwrites anything."""

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml

from ctsync import __version__
from ctsync.cli.init.project_templates import PIPELINES, read_template
from ctsync.cli.pipeline_homes import at_home

SAID_ALL = ("--account-id", "WR8-9K6-7Z5Z", "--region", "in1", "--name", "crm")
EVERYTHING = (*SAID_ALL, "--ci", "none", "--state", "file")
ACTION = Path(__file__).parents[2] / ".github/actions/ctsync"
WRITTEN = [
    "ctsync.yaml",
    "people/example.yaml",
    ".schema/project.json",
    ".schema/spec.json",
    ".gitignore",
]


@pytest.fixture
def empty(desk):
    """A folder with nothing in it."""
    (desk.folder / "ctsync.yaml").unlink()
    return desk


def actions(ended):
    return {each["file"]: each["action"] for each in ended.document["files"]}


def test_a_starter_project_is_valid_and_can_be_planned_and_applied_at_once(empty):
    empty.ok("init", *EVERYTHING)
    assert empty.ok("validate", "--strict").out == "The project is valid.\n"
    plan = empty.json("plan", "--sandbox")
    assert plan["exit_code"] == 0
    assert plan["summary"]["profiles"]["create"] == 1
    empty.ok("apply", "--sandbox", "--auto-approve")
    assert empty.json("plan", "--sandbox")["changes"] == []


def test_it_lists_what_it_wrote(empty):
    ended = empty.ok("init", *EVERYTHING)
    for name in WRITTEN:
        assert f"wrote       {name}\n" in ended.out
        assert (empty.folder / name).is_file()
    assert ended.err == ""


def test_a_second_run_writes_nothing_and_lists_what_it_left_alone(empty):
    empty.ok("init", *SAID_ALL, "--ci", "github")
    before = empty.files()
    ended = empty.ok("init", "--format", "json")
    assert empty.files() == before
    names = [*WRITTEN, ".github/workflows/ctsync.yml"]
    assert actions(ended) == dict.fromkeys(names, "left_alone")


def test_a_project_that_is_there_keeps_its_words_and_its_people(desk):
    desk.people({"u1": {"Plan": "Gold"}})
    before = desk.files()
    ended = desk.run("init", "--account-id", "OTHER", "--region", "us1")
    assert ended.code == 0
    assert "ctsync.yaml is there and stays as it is" in ended.err
    after = desk.files()
    assert {name: after[name] for name in before} == before
    assert after.keys() - before.keys() == {
        ".schema/project.json",
        ".schema/spec.json",
        ".gitignore",
    }
    assert desk.ok("plan").code == 0


def test_lines_of_gitignore_are_appended_once_each(empty):
    empty.write(".gitignore", "node_modules/\n*.plan")
    ended = empty.ok("init", *EVERYTHING, "--format", "json")
    assert actions(ended)[".gitignore"] == "extended"
    lines = (empty.folder / ".gitignore").read_text().splitlines()
    assert lines[:2] == ["node_modules/", "*.plan"]
    assert {".ctsync/", "state*.jsonl*", "report*.jsonl"} <= {*lines}
    assert len(lines) == len({*lines})
    empty.ok("init")
    assert (empty.folder / ".gitignore").read_text().splitlines() == lines


def test_editors_find_the_schemas_that_ctsync_prints(empty):
    empty.ok("init", *EVERYTHING)
    for what, file, spec in (
        ("project", ".schema/project.json", "ctsync.yaml"),
        ("spec", ".schema/spec.json", "people/example.yaml"),
    ):
        text = (empty.folder / file).read_text()
        assert text == empty.ok("schema", what).out
        assert "Loyalty Points" in json.dumps(json.loads(text))
        first = (empty.folder / spec).read_text().splitlines()[0]
        start, _, target = first.partition("=")
        assert start == "# yaml-language-server: $schema"
        assert ((empty.folder / spec).parent / target).read_text() == text


@pytest.mark.parametrize("ci", sorted(PIPELINES))
def test_a_pipeline_stands_at_the_top_of_the_repository(empty, ci):
    (empty.folder / ".git").mkdir()
    ended = empty.ok("init", "crm/prod", *SAID_ALL, "--ci", ci, "--format", "json")
    pipeline = PIPELINES[ci]
    assert actions(ended)[f"../../{pipeline.file}"] == "written"
    assert not (empty.folder / "crm/prod" / pipeline.file).exists()


def test_a_pipeline_is_the_template_where_the_project_is_the_repository(empty):
    for ci, pipeline in PIPELINES.items():
        empty.ok("init", *SAID_ALL, "--ci", ci)
        text = (empty.folder / pipeline.file).read_text()
        assert text == at_home(read_template(pipeline.template), "file")
        wanted = (empty.folder / "requirements-ctsync.in").read_text()
        assert wanted.splitlines()[-1] == f"ctsync=={__version__}"
        assert "--generate-hashes requirements-ctsync.in" in wanted


def test_the_action_is_copied_beside_the_workflow_that_uses_it(empty):
    """So that the workflow runs as it was written, wherever ctsync is published."""
    (empty.folder / ".git").mkdir()
    empty.ok("init", "crm", *SAID_ALL, "--ci", "github")
    workflow = yaml.safe_load((empty.folder / PIPELINES["github"].file).read_text())
    for step in (step for job in workflow["jobs"].values() for step in job["steps"]):
        if step.get("uses", "").startswith("./"):
            action = empty.folder / step["uses"] / "action.yml"
            inputs = yaml.safe_load(action.read_text())["inputs"]
            assert step["with"].keys() <= inputs.keys()
    copied = {path.name: path.read_text() for path in action.parent.iterdir()}
    assert copied == {
        path.name: path.read_text()
        for path in ACTION.iterdir()
        if path.suffix in {".py", ".sh", ".yml"}
    }


def test_a_file_of_the_action_that_is_there_is_left_alone(empty):
    theirs = empty.write(".github/actions/ctsync/run.sh", "echo ours\n")
    ended = empty.ok("init", *SAID_ALL, "--ci", "github", "--format", "json")
    assert actions(ended)[".github/actions/ctsync/run.sh"] == "left_alone"
    assert actions(ended)[".github/actions/ctsync/action.yml"] == "written"
    assert theirs.read_text() == "echo ours\n"


def test_a_published_action_is_named_instead_of_copied(empty):
    ref = "acme/ctsync@" + "a" * 40
    empty.ok("init", *SAID_ALL, "--ci", "github", "--action", ref)
    text = (empty.folder / PIPELINES["github"].file).read_text()
    used = re.findall(r"uses: (\S*ctsync\S*)", text)
    assert set(used) == {f"acme/ctsync/.github/actions/ctsync@{'a' * 40}"}
    assert (empty.folder / "requirements-ctsync.in").exists()
    assert not (empty.folder / ".github/actions").exists()


@pytest.mark.parametrize(
    "action",
    [
        "acme/ctsync",
        "acme/ctsync@v1",
        f"acme/ctsync@{'a' * 39}",
        "@v1",
        "a/b@",
        'a/b@"x',
        "a/b@c d",
    ],
)
def test_an_action_that_cannot_be_named_so_is_usage(empty, action):
    ended = empty.run("init", *SAID_ALL, "--ci", "github", "--action", action)
    assert ended.code == 64
    assert "OWNER/REPO@COMMIT" in ended.err
    assert not (empty.folder / "ctsync.yaml").exists()


def test_an_installation_without_the_action_says_how_to_do_without(empty, monkeypatch):
    monkeypatch.setattr(
        "ctsync.cli.init.project_templates._action_folders", lambda: iter(())
    )
    ended = empty.run("init", *SAID_ALL, "--ci", "github")
    assert ended.code == 1
    assert "--action OWNER/REPO@COMMIT" in ended.err
    assert empty.ok("init", *SAID_ALL, "--ci", "gitlab").code == 0


def test_a_pipeline_names_the_folder_of_the_project(empty):
    folder = 'a "b" c'
    (empty.folder / ".git").mkdir()
    for ci in PIPELINES:
        empty.ok("init", folder, *SAID_ALL, "--ci", ci)
    gitlab, github = (
        yaml.safe_load((empty.folder / PIPELINES[ci].file).read_text())
        for ci in ("gitlab", "github")
    )
    assert gitlab["variables"]["CTSYNC_PROJECT"] == folder
    inputs = [
        step["with"]
        for job in github["jobs"].values()
        for step in job["steps"]
        if step.get("uses", "").endswith("/actions/ctsync")
    ]
    commands = {words["command"] for words in inputs}
    assert commands == {"install", "validate", "plan", "apply", "drift", "verify"}
    assert {words["project"] for words in inputs} == {folder}


def test_without_a_repository_the_pipeline_stands_in_the_project(empty):
    empty.ok("init", *SAID_ALL, "--ci", "github")
    assert (empty.folder / ".github/workflows/ctsync.yml").is_file()


def test_it_says_what_to_do_next(empty):
    here = empty.ok("init", *SAID_ALL, "--ci", "gitlab").out
    assert here.endswith("""
Next:
  ctsync validate
  ctsync plan --sandbox
  ctsync apply --sandbox
  set up .gitlab-ci.yml: see its first lines
  lock what it installs: see requirements-ctsync.in
""")
    there = empty.ok("init", "a b", *EVERYTHING).out
    assert "  ctsync -C 'a b' validate\n" in there


def test_a_pipeline_that_is_there_is_left_alone(empty):
    theirs = empty.write(".gitlab-ci.yml", "test: {script: make}\n")
    ended = empty.ok("init", *SAID_ALL, "--ci", "gitlab", "--format", "json")
    assert actions(ended)[".gitlab-ci.yml"] == "left_alone"
    assert theirs.read_text() == "test: {script: make}\n"


def test_a_broken_link_is_not_written_through(empty, tmp_path):
    (empty.folder / "ctsync.yaml").symlink_to(tmp_path / "elsewhere")
    ended = empty.run("init", *EVERYTHING, "--format", "json")
    assert ended.code == 0
    assert actions(ended)["ctsync.yaml"] == "left_alone"
    assert not (tmp_path / "elsewhere").exists()


def test_on_a_terminal_it_asks_for_what_is_not_said(empty):
    typed = "a b\nWR8-9K6-7Z5Z\neu9\neu1\n\nnone\n"
    ended = empty.answer(typed, "init")
    assert ended.code == 0, ended.said
    assert ended.err == (
        "Account id: an account id has letters, digits and dashes, or is ${NAME}\n"
        'Account id: Region (eu1 in1 sg1 us1 aps3 mec1): did you mean "eu1"?\n'
        "Region (eu1 in1 sg1 us1 aps3 mec1): Name of the project [project]: "
        "Pipeline (github, gitlab, none) [github]: "
        "State (postgresql, or a bucket of s3, gs or az: for hosted runners; file: "
        "for a runner of your own) [file]: "
    )
    text = (empty.folder / "ctsync.yaml").read_text()
    assert 'name: "project"' in text
    assert 'id: "WR8-9K6-7Z5Z"' in text
    assert 'region: "eu1"' in text
    assert not (empty.folder / ".github").exists()


def test_on_a_terminal_it_asks_nothing_when_everything_is_said(empty):
    ended = empty.answer("", "init", *EVERYTHING)
    assert ended.code == 0
    assert ended.err == ""


def test_an_end_of_input_writes_nothing(empty):
    ended = empty.answer("", "init", "--account-id", "A", "--region", "in1")
    assert ended.code == 1, ended.said
    assert "nothing was written" in ended.err
    assert empty.files() == {}


def test_without_a_terminal_it_names_what_is_missing(empty):
    ended = empty.run("init", "--region", "in1")
    assert ended.code == 64
    assert "--account-id" in ended.err
    assert empty.files() == {}


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--account-id", 'x", region: us1'),
        ("--account-id", ""),
        ("--account-id", "${}"),
        ("--region", "eu9"),
        ("--name", "My Project"),
        ("--name", "crm\n"),
        ("--ci", "jenkins"),
    ],
)
def test_what_a_project_cannot_say_is_refused(empty, option, value):
    ended = empty.run("init", *EVERYTHING, option, value)
    assert ended.code == 64
    assert option in ended.err
    assert empty.files() == {}


@pytest.mark.parametrize("name", ["no", "0123", "1e5", "null"])
def test_a_name_is_text_whatever_yaml_would_take_it_for(empty, name):
    empty.ok("init", *EVERYTHING, "--name", name)
    assert empty.ok("validate").code == 0


def test_account_and_region_may_be_variables(empty, monkeypatch):
    words = ("--account-id", "${CRM_ACCOUNT}", "--region", "${CRM_REGION}")
    empty.ok("init", *EVERYTHING, *words)
    monkeypatch.setenv("CRM_ACCOUNT", "WR8")
    monkeypatch.setenv("CRM_REGION", "in1")
    planned = empty.json("plan")["account"]
    assert (planned["id"], planned["region"]) == ("${CRM_ACCOUNT}", "in1")


@pytest.mark.parametrize(
    ("folder", "name"), [("CRM Größe", "crm-gr-e"), ("日本", "project"), ("a", "a")]
)
def test_the_name_follows_the_folder(empty, folder, name):
    words = ("--account-id", "A", "--region", "in1", "--ci", "none")
    ended = empty.ok("init", folder, *words)
    assert f'name: "{name}"' in (empty.folder / folder / "ctsync.yaml").read_text()
    assert f"-C {shlex.quote(folder)} validate" in ended.out


def test_a_file_where_a_folder_is_needed_is_an_error(empty):
    theirs = empty.write("people", "not a folder")
    ended = empty.run("init", *EVERYTHING)
    assert ended.code == 1
    assert "people/example.yaml cannot be written" in ended.err
    theirs.unlink()
    assert empty.ok("init", *EVERYTHING).code == 0
    assert empty.run("init", "ctsync.yaml").code == 64


def test_a_project_file_that_cannot_be_read_is_no_hindrance(desk):
    desk.write("ctsync.yaml", "version: [\n")
    ended = desk.ok("init", "--format", "json")
    assert actions(ended)["ctsync.yaml"] == "left_alone"
    assert json.loads((desk.folder / ".schema/spec.json").read_text())["properties"]


def test_a_state_in_a_database_is_named_by_a_variable_and_installed_with_its_driver(
    empty, monkeypatch
):
    ended = empty.ok("init", *SAID_ALL, "--ci", "github", "--state", "postgresql")
    assert ended.err == ""
    text = (empty.folder / "ctsync.yaml").read_text()
    state = {"url": "${STATE_URL}", "name": "crm"}
    assert yaml.safe_load(text)["state"] == state
    wanted = (empty.folder / "requirements-ctsync.in").read_text()
    assert f"\nctsync[postgres]=={__version__}\n" in wanted
    monkeypatch.delenv("STATE_URL", raising=False)
    assert empty.ok("validate", "--strict")
    assert empty.ok("plan", "--sandbox")
    workflow = (empty.folder / PIPELINES["github"].file).read_text()
    assert workflow.count("STATE_URL: ${{ secrets.STATE_URL }}") == 5


def test_a_state_of_no_known_place_is_usage(empty):
    assert empty.run("init", *EVERYTHING, "--state", "paper").code == 64
    assert empty.files() == {}
