"""What `ctsync init --demo` plays: the first five minutes, told scene by scene.

Each command is the one that is shown, run as if it had been typed; only the change by
hand, which no command of ctsync makes, goes to the sandbox directly.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct

from ctsync.cli.init.project_templates import (
    PROJECT_FILE,
    extend,
    read_template,
    write_template,
)
from ctsync.cli.terminal.output import print_document
from ctsync.cli.terminal.scene_pause import ScenePause
from ctsync.errors import CtsyncError

PEOPLE = "people.yaml"
EDITS = (
    ("Plan: Gold", "Plan: Platinum"),
    ("Loyalty Points: 100", "Loyalty Points: 120"),
    ("Interests: [films, music]", "Interests: [films, books]"),
    ("Renewal Date: 2026-03-31", "Renewal Date: 2027-03-31"),
)
BY_HAND = {"Plan": "Silver"}

_BY_SIGNAL = 128
_SANDBOX = "--sandbox"
_APPLY = ("apply", _SANDBOX, "--auto-approve", "--summary")


class Scene(Struct, frozen=True):
    """What is told, what happens and is shown with it, and the command that follows."""

    words: str
    command: tuple[str, ...]
    happens: Callable[[Path], str] | None = None


def play(folder: Path, place: str, pause: ScenePause, *, plain: bool = False) -> int:
    """Play all scenes in a folder, `place` on the command line; give the exit code.

    Raises:
        CtsyncError: a command did not end as it should.
    """
    for number, scene in enumerate(SCENES, 1):
        if number > 1 and not pause():
            print_document([_CUT_SHORT])
            break
        print_document(_told(scene, number, folder))
        code = _run(scene.command, place, plain=plain)
        if code:
            return code
    print_document(_farewell(place))
    return 0


def typed(command: tuple[str, ...], place: str) -> str:
    """Return a command as it is typed from here."""
    name, *options = command
    where = () if place == "." else ("-C", place)
    return shlex.join(("ctsync", name, *where, *options))


def _told(scene: Scene, number: int, folder: Path) -> Iterator[str]:
    yield f"\n{number}. {scene.words}\n\n"
    if scene.happens is not None:
        yield scene.happens(folder)


def _run(command: tuple[str, ...], place: str, *, plain: bool) -> int:
    """Run a command as it is shown; give its exit code where a signal ended it."""
    from ctsync.cli.app import run_alone

    line = typed(command, place)
    print_document([f"$ {line}\n"])
    words = shlex.split(line)[1:]
    code = run_alone([*words, "--no-color"] if plain else words)
    if 0 < code < _BY_SIGNAL:
        raise CtsyncError(
            f'"{line}" ended with exit code {code}, and the demo with it',
            hint="what it said stands above; the folder is left as it is",
            code="demo",
        )
    return code


def _writes_project(folder: Path) -> str:
    people = read_template("demo-people.yaml")
    write_template(folder / PROJECT_FILE, read_template("demo-project.yaml"))
    write_template(folder / PEOPLE, people)
    extend(folder / ".gitignore", read_template("gitignore"))
    return _indented(people)


def _edits_people(folder: Path) -> str:
    path = folder / PEOPLE
    text = path.read_text("utf-8")
    for before, after in EDITS:
        text = text.replace(before, after)
    path.write_text(text, "utf-8", newline="\n")
    return _indented("".join(f"- {before}\n+ {after}\n" for before, after in EDITS))


def _edits_platform(folder: Path) -> str:
    from ctsync.cli.project_session import SANDBOX_ACCOUNT
    from ctsync.sandbox import Sandbox

    data = folder / ".ctsync" / "sandbox" / "platform.db"
    with Sandbox(data=data, account_id=SANDBOX_ACCOUNT) as sandbox:
        sandbox.platform.edit("identity", "1189549", BY_HAND)
    return ""


def _indented(text: str) -> str:
    lines = text.splitlines(keepends=True)
    return "".join(f"    {line}" for line in lines) + "\n"


def _farewell(place: str) -> Iterator[str]:
    yield "\nThe project stays as it is. To go on:\n"
    for command in (("refresh", _SANDBOX), ("plan", _SANDBOX)):
        yield f"  {typed(command, place)}\n"
    yield f"  edit {PEOPLE}, and plan again; {PROJECT_FILE} names account and rules\n"


_CUT_SHORT = "\nEnded here.\n"

SCENES = (
    Scene(
        "A project is a folder with ctsync.yaml. This one declares two people in "
        f"{PEOPLE}:",
        ("validate",),
        _writes_project,
    ),
    Scene(
        "A plan compares that with the state, which holds what the platform "
        "acknowledged:\n   nothing yet. Planning contacts nobody.",
        ("plan", _SANDBOX),
    ),
    Scene(
        "Apply sends the plan. It asks first, unless an option says yes. The sandbox "
        "is\n   a simulation of documented behaviour; nothing leaves this machine.",
        _APPLY,
    ),
    Scene(
        f"Time passes, and {PEOPLE} is edited. The plan has what differs and nothing "
        "else:\n   of a counter the difference, of a list what comes and goes.",
        ("plan", _SANDBOX),
        _edits_people,
    ),
    Scene("The change goes out, and the state moves with it.", _APPLY),
    Scene(
        "Somebody sets Plan to Silver by hand, past the project. Drift reads the "
        "platform\n   and says what is not as the state knows it.",
        ("drift", _SANDBOX),
        _edits_platform,
    ),
)
