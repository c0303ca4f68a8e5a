"""Hostile text everywhere: a terminal shows what was printed, and obeys nothing."""

import json
import re

import pyte
import pytest

HOSTILE = [
    "a\x1b[2J\x1b[H\x1b]0;t\x07b",
    "a\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\b",
    "a\r\x1b[0Ksection_start:1:x\r\x1b[0Kb",
    "a\x9b2J\x9d0;t\x9c\x7f\x08\x00b",
    "a\u202eb\u2066c\u200b\ufeff\u2028\u2029d\u3164",
    "::add-mask::x",
    "a\n::stop-commands::t\n##[error]b ##vso[task.x]c",
]
COMMANDS = [
    ["validate"],
    ["plan", "--all"],
    ["plan", "--target", "identity=HOSTILE"],
    ["explain", "u1HOSTILE"],
    ["explain", "HOSTILE"],
    ["state", "list"],
    ["state", "show", "u1HOSTILE"],
    ["state", "forget", "HOSTILE", "--auto-approve"],
    ["show", "HOSTILE"],
    ["HOSTILE"],
    ["plan", "--HOSTILE"],
    ["plan", "--accept", "HOSTILE"],
    ["-C", "HOSTILE", "plan"],
    ["--env", "HOSTILE", "plan"],
    ["apply", "--expect-digest", "HOSTILE"],
    ["apply", "--auto-approve"],
]
FORMATS = ["text", "json", "jsonl", "markdown", "html", "github", "gitlab"]
OBEYED = re.compile(r"##\w*\[|^\s*::|::[A-Za-z]", re.MULTILINE)
OURS = re.compile(r"(?m)^::(?:error|warning|notice)(?: [^\n]*?)?::")


def screen_of(said):
    """Give the lines that a terminal shows, wide and high enough for all of them."""
    lines = said.split("\n")
    screen = pyte.Screen(max(map(len, lines)) + 1, len(lines) + 1)
    screen.set_mode(pyte.modes.LNM)
    pyte.Stream(screen).feed(said)
    return [line.rstrip() for line in screen.display[: len(lines)]]


def assert_harmless(ended, words, format_name="text"):
    assert ended.crash == "", words
    for printed in (ended.out, ended.err):
        shown = [line.rstrip() for line in printed.split("\n")]
        assert screen_of(printed) == shown, words
        rest = OURS.sub("", printed) if format_name == "github" else printed
        assert OBEYED.search(rest) is None, (words, OBEYED.search(rest))


@pytest.fixture
def hostile(desk, request):
    """A project and a state with a text in every string that takes one."""
    text = request.param
    name = text.replace("\x00", "").replace("\n", " ")
    attributes = {"Plan": text, f"A {name}"[:60]: text, "List": {"include": [text]}}
    profiles = [{"identity": f"u1{name}", "attributes": attributes}]
    desk.write("people.yaml", json.dumps({"profiles": profiles}))
    desk.apply()
    desk.text = name
    profiles[0]["attributes"]["Plan"] = f"new {text}"
    desk.write("people.yaml", json.dumps({"profiles": profiles}))
    return desk


@pytest.mark.parametrize("hostile", HOSTILE, indirect=True, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("format_name", FORMATS)
def test_a_terminal_shows_what_is_printed_and_a_runner_obeys_nothing(
    hostile, format_name
):
    for words in COMMANDS:
        said = [word.replace("HOSTILE", hostile.text) for word in words]
        ended = hostile.run(*said, "--format", format_name, "-v")
        assert_harmless(ended, words, format_name)


# Every other place that takes a text: a project's own, names of files, a server's

PLACES = {
    "account": {"account": {"id": "X", "region": "in1"}},
    "region": {"account": {"id": "T", "region": "X"}},
    "endpoint": {"account": {"id": "T", "region": "in1", "endpoint": "https://hX"}},
    "path of an endpoint": {
        "account": {"id": "T", "region": "in1", "endpoint": "https://h/X"}
    },
    "passcode": {"account": {"id": "T", "region": "in1", "passcode": "${X}"}},
    "name": {"name": "X"},
    "time zone": {"timezone": "X"},
    "webhook": {"notify": "https://h.example/X"},
    "webhook's host": {"notify": "https://X.example/"},
    "state": {"state": "X.jsonl"},
    "folder of a state": {"state": "X/"},
    "bucket": {"state": "s3://bX/p/"},
    "database": {"state": {"url": "postgresql://u@127.0.0.1:9/X", "name": "X"}},
    "specs": {"specs": ["X"]},
    "catalog": {"catalog": {"X": {"type": "string"}}},
    "type": {"catalog": {"A": {"type": "X"}}},
    "words": {"catalog": {"A": {"type": "string", "enum": ["X"]}}},
    "policy": {"policy": {"limits": {"create": "X"}}},
    "key": {"X": 1},
    "environment": {"environments": {"X": {"timezone": "UTC"}}},
    "cohort": {"cohorts": {"X": {"members": ["u1"], "attributes": {"Tier": "VIP"}}}},
    "member": {"cohorts": {"vip": {"members": ["X"], "attributes": {"Tier": "X"}}}},
    "members' file": {"cohorts": {"vip": {"members": {"file": "X"}}}},
    "table": {"tables": {"X": {"file": "d.csv", "key": {"identity": "id"}}}},
    "table's file": {"tables": {"t": {"file": "X.csv", "key": {"identity": "id"}}}},
    "column": {
        "tables": {
            "t": {"file": "d.csv", "key": {"identity": "X"}, "columns": {"X": "A"}}
        }
    },
    "condition": {
        "tables": {
            "t": {
                "file": "d.csv", "key": {"identity": "id"},
                "where": "'X' = plan AND", "columns": {"plan": "Plan"},
            }
        }
    },
    "computed": {
        "tables": {
            "t": {
                "file": "d.csv", "key": {"identity": "id"},
                "compute": {"X": "plan || 'X'"},
            }
        }
    },
}  # fmt: skip
LOOKS = (["plan", "--all"], ["validate"], ["doctor", "--offline"], ["explain", "u1"])


def filled(data, text):
    """Put a text wherever there is an X."""
    if isinstance(data, dict):
        return {filled(key, text): filled(value, text) for key, value in data.items()}
    if isinstance(data, list):
        return [filled(value, text) for value in data]
    return data.replace("X", text) if isinstance(data, str) else data


@pytest.mark.parametrize("place", PLACES)
def test_a_text_in_any_place_of_a_project_moves_no_terminal(desk, place):
    project = {
        "version": 1,
        "account": {"id": "T", "region": "in1"},
        "state": "s.jsonl",
    }
    for number, text in enumerate(HOSTILE):
        name = text.replace("\x00", "").replace("\n", " ")
        (desk.folder / f"{name.replace('/', '')}.csv").write_text("id,plan\nu1,a\n")
        desk.write("d.csv", f'id,plan,"{name}"\nu1,"{name}","{name}"\n')
        desk.write("ctsync.yaml", json.dumps(project | filled(PLACES[place], name)))
        for words in LOOKS:
            format_name = FORMATS[number] if number < len(FORMATS) else "text"
            assert_harmless(desk.run(*words), words)
            ended = desk.run(*words, "--format", format_name)
            assert_harmless(ended, words, format_name)


def test_names_of_files_move_no_terminal(desk):
    for number, text in enumerate(HOSTILE):
        name = text.replace("\x00", "").replace("/", "|")
        spec = {
            "profiles": [{"identity": f"u{number}", "attributes": {"Plan": number}}]
        }
        desk.write(f"{name}.yaml", json.dumps(spec))
        for format_name in FORMATS:
            for words in (["plan", "--all"], ["validate"], ["explain", f"u{number}"]):
                ended = desk.run(*words, "--format", format_name)
                assert_harmless(ended, words, format_name)
        desk.write(f"{name}.yaml", json.dumps({"profiles": [{"identity": name}]}))
        assert_harmless(desk.run("validate", "--format", "github"), name, "github")


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_what_a_server_says_moves_no_terminal(listen, desk, text):
    item = {"status": "fail", "code": 515, "error": f"{text} Skipped record number : 1"}
    reply = json.dumps({"processed": 1, "unprocessed": [item], text: text}).encode()
    line = text.replace("\n", "").replace("\r", "").encode()
    head = b"HTTP/1.1 200 %b\r\nX-A: %b\r\n" % (line, line)
    desk.project(
        url=listen(
            lambda connection: connection.sendall(
                head + b"Content-Length: %d\r\n\r\n" % len(reply) + reply
            )
        ).url
    )
    for format_name in FORMATS[:2]:
        for words in (["apply", "--auto-approve"], ["drift"], ["doctor"]):
            first = ["--first-run"] if words[0] == "apply" else []
            if (desk.folder / "state.jsonl").exists():
                first = []
            ended = desk.run(*words, *first, "--format", format_name, "-v")
            assert_harmless(ended, words)
