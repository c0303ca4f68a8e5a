"""Plausible mistakes, each with all that is said about it.

A file of `mistakes/` says in its first line what was done wrong; then come steps, of
which the last is the mistake, files of the project (`-- NAME`), and what the command
said (`== exit CODE`), which `--update-golden` writes anew. Read it as a stranger: it
says what is wrong, where, and what to do.
"""

from __future__ import annotations

import re
import shlex
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest
from silent_server import silenced

FOLDER = Path(__file__).parent / "mistakes"
MISTAKES = sorted(FOLDER.glob("*.txt"))
LEAST = 60
PROJECT = """\
version: 1
account: {id: TEST-1, region: in1, endpoint: "{url}"}
state: state.jsonl
catalog:
  Points: {type: counter}
  Plan: {type: string, enum: [Free, Gold, Platinum]}
  Interests: {type: list}
  Renewal Date: {type: date}
"""
PEOPLE = """\
profiles:
  - identity: "u1"
    attributes: {Plan: Free}
"""
# What is another at every run, or in every place.
_OTHERWISE = {
    r"sha256:(?!0{64})[0-9a-f]{64}": "sha256:DIGEST",
    r"\b[0-9a-f]{12}\b": "CHECKSUM",
    r"waiting [0-9.]+ s": "waiting N s",
    r"(?m)^nothing can be read for now.*\n": "",  # told where chance makes it wait
    r"requests in [0-9.]+ s": "requests in N s",
    r"it is 20[0-9-]+T[0-9:]+Z": "it is NOW",
    r"on Python [0-9.]+": "on Python VERSION",
}
# It is only warned about, blocked and saved all the same, or told by the platform.
_GOES_ON = ("== exit 0", "== exit 6", "== exit 1\nerror: the platform refused")
_FILE = re.compile(r"(?m)^-- (.+)\n")


class Mistake:
    """One file: what is done, in which project, and what is said."""

    def __init__(self, path: Path) -> None:
        self.path = path
        asked, mark, self.said = path.read_text().partition("\n== exit ")
        self.asked = asked + mark[:1]
        steps, *files = _FILE.split(self.asked)
        self.steps = steps.splitlines()[1:]
        self.files = {
            "ctsync.yaml": PROJECT,
            "people.yaml": PEOPLE,
            **dict(zip(files[::2], files[1::2], strict=True)),
        }


class Stage:
    """A desk with the project of a mistake, and what steps do to it."""

    def __init__(self, desk, other_run, monkeypatch, stack) -> None:
        self.desk, self.other_run = desk, other_run
        self.patch, self.stack = monkeypatch, stack
        self.url = desk.sandbox.url

    def set_up(self, mistake: Mistake) -> None:
        for name, text in mistake.files.items():
            path = self.desk.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace("{url}", self.url))

    def take(self, step: str):
        """Take a step; return how a command ended."""
        mark, _, words = step.partition(" ")
        if mark == "$":
            return self.desk.run(*shlex.split(words)[1:])
        verb, _, rest = words.partition(" ")
        getattr(self, f"_{verb}")(rest)
        return None

    def shown(self, ended) -> str:
        """Return what was said, without what is another at every run."""
        told = ended.err if "error" in ended.err or not ended.code else ""
        text = f"== exit {ended.code}\n{told or ended.err + ended.out}"
        for pattern, instead in _OTHERWISE.items():
            text = re.sub(pattern, instead, text)
        text = text.replace(self.url, "http://127.0.0.1:8765")
        text = text.replace(self.url.removeprefix("http://"), "127.0.0.1:8765")
        text = text.replace(str(self.desk.folder.parent / "empty"), "/home/ann/empty")
        return text.replace(str(self.desk.folder), "/home/ann/crm")

    def _begun(self, _: str) -> None:
        assert self.desk.run("apply", "--auto-approve", "--first-run").code == 0

    def _people(self, attributes: str) -> None:
        text = f'profiles:\n  - identity: "u1"\n    attributes: {{{attributes}}}\n'
        (self.desk.folder / "people.yaml").write_text(text)

    def _replace(self, words: str) -> None:
        name, before, after = words.split(" ")
        path = self.desk.folder / name
        path.write_bytes(path.read_bytes().replace(before.encode(), after.encode()))

    def _without(self, name: str) -> None:
        (self.desk.folder / name).unlink()

    def _in(self, folder: str) -> None:
        place = self.desk.folder / folder
        if folder == "empty":
            place = self.desk.folder.parent / folder
        place.mkdir(exist_ok=True)
        self.patch.chdir(place)

    def _set(self, words: str) -> None:
        self.patch.setenv(*words.split("="))

    def _unset(self, name: str) -> None:
        self.patch.delenv(name)

    def _locked(self, _: str) -> None:
        self.stack.enter_context(self.other_run())

    def _server(self, _: str) -> None:
        self.stack.enter_context(silenced(self.desk.sandbox))

    def _dns(self, _: str) -> None:
        def fail(*_, **__):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

        self.patch.setattr(socket, "getaddrinfo", fail)


@pytest.mark.parametrize("path", MISTAKES, ids=lambda path: path.stem)
def test_a_mistake_is_told_so_that_a_stranger_can_mend_it(
    path, desk, other_run, monkeypatch, request
):
    mistake = Mistake(path)
    with ExitStack() as stack:
        stage = Stage(desk, other_run, monkeypatch, stack)
        stage.set_up(mistake)
        *before, last = mistake.steps
        for step in before:
            ended = stage.take(step)
            assert ended is None or ended.code == 0, ended.said
        files, calls = desk.files(), desk.calls
        said = stage.shown(stage.take(last))
        if not said.startswith(_GOES_ON):
            assert (desk.files(), desk.calls) == (files, calls)
    if request.config.getoption("--update-golden"):
        path.write_text(mistake.asked + said)
    assert said == f"== exit {Mistake(path).said}"


SAID = [(path.stem, Mistake(path).said) for path in MISTAKES]
_FOREIGN = re.compile(r"Traceback|\[Errno|\b[A-Za-z]+Error\b|\bNone\b|/tmp/|/work/")


def test_there_are_many_mistakes_and_each_has_a_file():
    assert len(MISTAKES) >= LEAST
    assert all(path.read_text().startswith("# ") for path in MISTAKES)


@pytest.mark.parametrize(("name", "said"), SAID, ids=[name for name, _ in SAID])
def test_every_error_says_what_to_do_and_nothing_of_the_inside(name, said):
    """A finding ends with its hint; below any other error stands what to do."""
    code, *lines = said.splitlines()
    assert _FOREIGN.search(said) is None
    assert "--reveal" not in said.replace("--reveal is refused", "")
    assert "--auto-approve" not in said
    assert len("".join(lines)) > 0
    findings = [line for line in lines if re.search(r": (?:error|warning) CT\d", line)]
    assert all(line.endswith(")") and " (" in line for line in findings)
    places = [re.split(": (?:error|warning) CT", line)[0] for line in findings]
    assert all(re.search(r"[:.]|^identity ", place) for place in places)
    for line, after in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith("error: "):
            assert after.startswith("  ")
    told = ("error: ", "ERROR ", "BLOCKED", "blocked")
    assert code == "0" or findings or any(word in said for word in told)
