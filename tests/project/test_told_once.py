"""What is wrong with a part of a project is told once, and nothing that follows.

Every part of this project says what its default would refuse.
"""

import json

import pytest

from ctsync.errors import SpecError
from ctsync.model.masking import Mask
from ctsync.plan.make_plan import check_project
from ctsync.project import load_project
from ctsync.sources.project_sources import ProjectSources

LONG_NAME = "n" * 150
PROJECT = {
    "version": 1,
    "name": "crm",
    "specs": ["people"],
    "timezone": "Asia/Kolkata",
    "account": {
        "id": "A1",
        "region": "in1",
        "passcode": "${CLEVERTAP_PASSCODE}",
        "endpoint": "http://127.0.0.1:8765",
    },
    "state": {"url": "state.jsonl"},
    "catalog": {
        "Plan": {"type": "string", "enum": ["Gold", "Free"], "write": "once"},
        "Tags": {"type": "list", "write": "free"},
        "Score": {"type": "number", "write": "locked"},
        "Mail": {"type": "string", "sensitive": True},
        "Due": {"type": "date"},
        LONG_NAME: {"type": "string"},
        "Email": {"write": "locked"},
        "identity": {"sensitive": True},
    },
    "policy": {
        "unknown_attributes": "error",
        "undeclared": "remove",
        "limits": {"create": 10, "update": "30%"},
        "accept": {"update": 3},
    },
    "upload": {"records_per_call": 50, "concurrency": 2, "timeout_seconds": 30},
    "channels": {
        "removals": "sftp",
        "bulk": {"over": 10, "by": "sftp"},
        "sftp": {
            "email": "ops@example.com",
            "host": "sftp.example.com",
            "port": 2222,
            "user": "someone",
            "fingerprint": "SHA256:" + "a" * 43,
            "folder": "in",
        },
    },
    "imports": {"wait": "4h"},
    "platform": {
        "key_bytes": 200, "value_bytes": 1000, "custom_keys": 300, "list_values": 200,
    },
    "history": {"runs": 10},
    "notify": "${WEBHOOK_URL}",
    "profiles": [
        {
            "identity": "u1",
            "attributes": {
                "Plan": None,
                "Tags": [f"t{n}" for n in range(150)],
                "Score": None,
                "Mail": "x" * 600,
                "Due": None,
                LONG_NAME: "a",
            },
        },
        {"identity": "u2", "attributes": {"Tags": None}},
    ],
    "cohorts": {
        "vip": {
            "members": ["u1", "u3"],
            "attributes": {"Plan": None},
            "leave": {"Score": None},
        }
    },
    "tables": {
        "loyalty": {
            "file": "rows.csv",
            "key": {"identity": "id"},
            "where": "plan <> ''",
            "columns": {
                "plan": {"attribute": "Score", "blank": "remove"},
                "due": {"attribute": "Due", "format": "%d/%m/%Y"},
                "tags": {"attribute": "Tags", "as": "include", "split": ";"},
            },
            "compute": {"Mail": "id || plan"},
            "csv": {"separator": "|", "encoding": "latin-1"},
            "nulls": ["NULL"],
            "blank": "keep",
            "duplicates": "last",
            "missing": "keep",
            "invalid": "skip",
            "allow_empty": True,
        }
    },
    "environments": {
        "staging": {"account": {"id": "T1"}, "state": {"url": "state.staging.jsonl"}}
    },
}  # fmt: skip
ROWS = "id|plan|due|tags\nu6||01/02/2027|t1;t2\nu6|5|01/02/2027|t1;t2\nu4|NULL|NULL|\n"
NAMES = [f"a{number}" for number in range(260)]
PEOPLE = {
    "catalog": {name: {"type": "number"} for name in NAMES},
    "profiles": [{"identity": "u5", "attributes": dict.fromkeys(NAMES)}],
}
# Under these stand names and values that people choose.
NAMED = ("catalog", "cohorts", "tables", "environments")
CHOSEN = ("attributes", "leave", "columns", "compute")


def keys_of(node, path=()):
    """Give the path of each key of the language."""
    if isinstance(node, dict) and not (path and path[-1] in CHOSEN):
        for key, inner in node.items():
            yield (*path, key)
            yield from keys_of(inner, (*path, key))
    elif isinstance(node, dict) and path[-1] == "columns":
        for name, inner in node.items():
            yield from keys_of(inner, (*path, name))


KEYS = list(keys_of(PROJECT))
SPELLED = [path for path in KEYS if not (len(path) == 2 and path[0] in NAMED)]


def written(root, project, *, rows=""):
    """Write a project; without rows there is no file of them, which is allowed."""
    (root / "people").mkdir()
    (root / "people" / "names.yaml").write_text(json.dumps(PEOPLE))
    (root / "others.yaml").write_text("profiles: [{identity: '', names: 1}]\n")
    if rows:
        (root / "rows.csv").write_text(rows)
    (root / "ctsync.yaml").write_text(json.dumps(project))
    return root


def findings_of(root, environment=None):
    try:
        project = load_project(root, environment=environment)
        sources, mask = ProjectSources(project), Mask(None, all_identities=True)
        found = check_project(project, sources, mask, project.findings)
    except SpecError as error:
        found = error.findings
    return [finding for finding in found if finding.severity != "info"]


def with_key(node, path, change):
    """Give a copy in which `change` was made to the map that holds the last key."""
    key, *rest = path
    copy = list(node) if isinstance(node, list) else dict(node)
    if rest:
        copy[key] = with_key(node[key], rest, change)
        return copy
    return change(copy, key)


def misspelled(holder, key):
    return {f"{name}x" if name == key else name: v for name, v in holder.items()}


def misshapen(holder, key):
    return {**holder, key: [[{"no": "such"}]]}


def left_out(holder, key):
    return {name: inner for name, inner in holder.items() if name != key}


def environment_at(path):
    return path[1] if path[0] == "environments" and len(path) > 2 else None


def shown(path):
    return ".".join(map(str, path)).replace(LONG_NAME, "long")


def test_the_project_is_sound(tmp_path):
    assert findings_of(written(tmp_path, PROJECT, rows=ROWS)) == []
    assert findings_of(tmp_path, "staging") == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (("channels", "removals"), "CT204"),
        (("platform", "key_bytes"), "CT305"),
        (("platform", "value_bytes"), "CT206"),
        (("platform", "custom_keys"), "CT306"),
        (("platform", "list_values"), "CT209"),
        (("catalog", "Tags"), "CT313"),
        (("environments", "staging", "state"), "CT107"),
    ],
    ids=str,
)
def test_what_is_left_out_is_missed(tmp_path, path, code):
    root = written(tmp_path, with_key(PROJECT, path, left_out))
    assert code in {finding.code for finding in findings_of(root, environment_at(path))}


@pytest.mark.parametrize("path", SPELLED, ids=shown)
def test_a_misspelled_key_is_told_once(tmp_path, path):
    project = with_key(PROJECT, path, misspelled)
    root = written(tmp_path, project, rows=ROWS * (path[0] == "tables"))
    told = findings_of(root, environment_at(path))
    assert [(f.code, f"{path[-1]}x" in f.message) for f in told] == [("CT102", True)]


@pytest.mark.parametrize("path", [path for path in KEYS if len(path) < 3], ids=shown)
def test_a_value_of_another_shape_is_told_once(tmp_path, path):
    project = with_key(PROJECT, path, misshapen)
    root = written(tmp_path, project, rows=ROWS * (path[0] == "tables"))
    told = findings_of(root, environment_at(path))
    assert len(told) == 1, told
    assert told[0].code in {"CT101", "CT103", "CT106"}


TWICE = "!twice"


def doubled(holder, key):
    """Give the map with another value for a key before the one that it has."""
    return {**holder, key: {}, f"{key}{TWICE}": holder[key]}


@pytest.mark.parametrize("path", [path for path in KEYS if len(path) < 3], ids=shown)
def test_a_key_that_stands_twice_is_told_once(tmp_path, path):
    """Which of the two is meant nobody knows, so nothing follows from either."""
    project = with_key(PROJECT, path, doubled)
    root = written(tmp_path, project, rows=ROWS * (path[0] == "tables"))
    file = root / "ctsync.yaml"
    file.write_text(file.read_text().replace(TWICE, ""))
    told = findings_of(root, environment_at(path))
    assert [finding.code for finding in told] == ["CT004"]


def test_what_a_file_that_is_not_there_may_declare_is_not_missed(tmp_path):
    root = written(tmp_path, {**PROJECT, "specs": ["peopel"]})
    project = {**PROJECT, "specs": ["peopel"]}
    project["profiles"] = PEOPLE["profiles"]
    (root / "ctsync.yaml").write_text(json.dumps(project))
    assert [finding.code for finding in findings_of(root)] == ["CT013"]


def test_what_a_file_that_is_no_yaml_may_declare_is_not_missed(tmp_path):
    root = written(tmp_path, PROJECT)
    (root / "people" / "more.yaml").write_text(
        json.dumps({"profiles": PEOPLE["profiles"]})
    )
    (root / "people" / "names.yaml").write_text("catalog: {a0: {type: [\n")
    assert {finding.file for finding in findings_of(root)} == {"people/names.yaml"}


def test_an_entry_that_contradicts_the_platform_is_told_once(tmp_path):
    catalog = {**PROJECT["catalog"], "Gender": {"enum": ["Male"]}}
    profiles = [{"identity": "u1", "attributes": {"Gender": "M"}}]
    project = {**PROJECT, "catalog": catalog, "profiles": profiles}
    assert [f.code for f in findings_of(written(tmp_path, project))] == ["CT101"]


@pytest.mark.parametrize("key", ["identty", "Identity", "objectID", "fbid"])
def test_whose_a_profile_is_does_not_follow_from_a_misspelled_key(tmp_path, key):
    profiles = [{key: "u1", "attributes": {"Tags": ["t1"]}}]
    told = findings_of(written(tmp_path, {**PROJECT, "profiles": profiles}))
    assert [f.code for f in told] == ["CT102"]
    (tmp_path / "ctsync.yaml").write_text(
        json.dumps({**PROJECT, "profiles": [{"attributes": {"Tags": ["t1"]}}]})
    )
    assert [f.code for f in findings_of(tmp_path)] == ["CT523"]
