"""What a new project is to say: from the command line, or asked on a terminal."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from ctsync.cli.init.project_templates import PIPELINES
from ctsync.cli.pipeline_homes import HOMES
from ctsync.cli.terminal.confirm import can_ask
from ctsync.cli.terminal.output import print_message
from ctsync.errors import CtsyncError, UsageError

_VARIABLE = r"\$\{[A-Za-z_][A-Za-z0-9_]*\}"
_ACCOUNT_ID = re.compile(rf"(?:[A-Za-z0-9_-]|{_VARIABLE})+")
# A tag or a branch can be moved to other code; the id of a commit cannot.
_ACTION = re.compile(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+@[0-9a-f]{40}")
_STATE = (
    "State (postgresql, or a bucket of s3, gs or az: for hosted runners; "
    "file: for a runner of your own)"
)
_TRIES = 3

Check = Callable[[str], str | None]


class InitOptions(Struct, frozen=True):
    """What the command line says of a new project; None where it says nothing."""

    account_id: str | None = None
    region: str | None = None
    name: str | None = None
    ci: str | None = None
    action: str | None = None
    state: str | None = None
    export: Path | None = None

    @property
    def about_project(self) -> bool:
        """Whether anything of it belongs into the project file."""
        said = (self.account_id, self.region, self.name, self.state)
        return any(each is not None for each in said)


def check(wishes: InitOptions) -> None:
    """Refuse what a project file cannot say.

    Raises:
        UsageError: names the option and what it takes.
    """
    for option, value, fault_of in (
        ("--account-id", wishes.account_id, _account_fault),
        ("--region", wishes.region, _region_fault),
        ("--name", wishes.name, _name_fault),
        ("--action", wishes.action, _action_fault),
    ):
        fault = None if value is None else fault_of(value)
        if fault is not None:
            raise UsageError(f'{option} "{value}" cannot be used', hint=fault)


def _account_fault(text: str) -> str | None:
    if _ACCOUNT_ID.fullmatch(text):
        return None
    return "an account id has letters, digits and dashes, or is ${NAME}"


def _region_fault(text: str) -> str | None:
    from ctsync.model.snapshot import REGIONS
    from ctsync.suggestions import one_of

    if text in REGIONS or re.fullmatch(_VARIABLE, text):
        return None
    return one_of(text, REGIONS)


def _name_fault(text: str) -> str | None:
    from ctsync.project import project_schema

    if re.fullmatch(project_schema()["properties"]["name"]["pattern"], text):
        return None
    return "a name has lower-case letters, digits and dashes"


def _action_fault(text: str) -> str | None:
    if _ACTION.fullmatch(text):
        return None
    return "write OWNER/REPO@COMMIT, the full id of a commit that you have read"


def _state_fault(text: str) -> str | None:
    return None if text in HOMES else " or ".join(HOMES)


def _ci_fault(text: str) -> str | None:
    return None if text in {*PIPELINES, "none"} else "github, gitlab or none"


def answered(wishes: InitOptions, folder: Path) -> InitOptions:
    """Return the wishes with the rest asked for, or by default without a terminal.

    Raises:
        UsageError: there is no terminal, and no default.
        CtsyncError: nobody gave a usable answer.
    """
    name = _slug(folder.name)
    if not can_ask():
        _require(wishes)
        return replace(
            wishes,
            name=wishes.name or name,
            ci=wishes.ci or "github",
            state=wishes.state or "file",
        )
    return replace(
        wishes,
        account_id=wishes.account_id or _ask("Account id", _account_fault),
        region=wishes.region or _ask(f"Region ({_regions()})", _region_fault),
        name=wishes.name or _ask("Name of the project", _name_fault, name),
        ci=wishes.ci or _ask("Pipeline (github, gitlab, none)", _ci_fault, "github"),
        state=wishes.state or _ask(_STATE, _state_fault, "file"),
    )


def _require(wishes: InitOptions) -> None:
    given = {"--account-id": wishes.account_id, "--region": wishes.region}
    missing = [option for option, value in given.items() if value is None]
    if missing:
        raise UsageError(
            "there is no terminal to ask on",
            hint=f"give {' and '.join(missing)}; regions: {_regions()}",
        )


def _regions() -> str:
    from ctsync.model.snapshot import REGIONS

    return " ".join(REGIONS)


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "project"


def _ask(question: str, fault_of: Check, default: str | None = None) -> str:
    for _ in range(_TRIES):
        sys.stderr.write(f"{question}{f' [{default}]' if default else ''}: ")
        sys.stderr.flush()
        line = sys.stdin.readline()
        answer = line.strip() or default or ""
        fault = fault_of(answer) if line else None
        if not line:
            break
        if fault is None:
            return answer
        print_message(fault)
    raise CtsyncError(
        f"no usable answer to: {question}; nothing was written", code="not_answered"
    )
