"""ctsync beside Terraform: planning profiles from YAML, resources from HCL.

Each resource is a `terraform_data` block of its own, as real ones are, with the same
id and eight attributes that a profile has. It is built into Terraform: there is no
provider to start and nothing to read over the network, so this is Terraform at its
fastest. Its state is written as Terraform writes it, and stands before the plan.
Planning refreshes by default; ctsync's plan does not, so it is measured without too.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from random import Random
from typing import Any

from contest import CHANGED_EVERY, Contest, Side, changed_of, planning, table_of
from installing import Peer, installed_terraform
from population import SEED, Person, people
from stopwatch import Command, run
from tables import Setting, Table, built, sizes
from zones import known_project

_SIZES = (1_000, 5_000, 10_000)
_MOST = 20_000
_TARGETS = {1_000: 20.0, 5_000: 35.0, 10_000: 50.0}
_LOCAL = 'terraform {\n  backend "local" {}\n}\n'
_VARIABLES = {
    "CHECKPOINT_DISABLE": "1",  # it would ask the network for news
    "TF_CLI_CONFIG_FILE": os.devnull,
}
_STATE = """\
{"version": 4, "terraform_version": "1.0.0", "serial": 1, "lineage": "%s",
"outputs": {}, "check_results": null, "resources": [
"""


def measure_terraform(setting: Setting) -> Iterator[Table]:
    """Plan profiles with ctsync and as many resources with Terraform."""
    peer = installed_terraform(setting)
    title = f"Planning from YAML beside {peer.versions if peer else 'Terraform'}"
    contests = (
        contest
        for count in sizes(setting, _SIZES, _MOST)
        for contest in _contests(setting, count, peer)
    )
    yield table_of(title, contests, setting)


def _contests(setting: Setting, count: int, peer: Peer | None) -> Iterator[Contest]:
    project = known_project(setting.folder / f"yaml-{count}", count)
    folder = setting.folder / f"terraform-{count}"
    built(folder, lambda at: write_resources(at, count))
    ours = Side(planning(project, changed_of(count)), clears=(project / ".ctsync",))
    target = _TARGETS.get(count, 50.0 if count > _SIZES[-1] else 20.0)
    if peer is not None:
        run(_terraform(peer, folder, "init"))
    for what, *options in (("plan",), ("plan -refresh=false", "-refresh=false")):
        other = None
        if peer is not None:
            says = f"Plan: 0 to add, {changed_of(count)} to change, 0 to dest"
            planning_them = _terraform(peer, folder, "plan", "-out=plan", *options)
            other = Side(replace(planning_them, says=says))
        yield Contest(what, count, ours, other, target)


def _terraform(peer: Peer, folder: Path, *words: str) -> Command:
    plain = ("-input=false", "-no-color")
    line = (peer.command("terraform"), *words, *plain)
    return Command(line, folder, variables=_VARIABLES)


def write_resources(folder: Path, count: int) -> None:
    """Write resources as they are known and as they are wanted."""
    chance = Random(SEED)
    with (folder / "main.tf").open("w") as file:
        file.write(_LOCAL)
        file.writelines(map(_block, people(count, edited_every=CHANGED_EVERY)))
    known = (_known(person, _uuid(chance)) for person in people(count))
    with (folder / "terraform.tfstate").open("w") as file:
        file.write(_STATE % _uuid(chance))
        for number, resource in enumerate(known):
            file.write(",\n" if number else "")
            file.write(json.dumps(resource, indent=2))
        file.write("\n]}\n")


def _block(person: Person) -> str:
    inputs = "".join(
        f"    {name} = {json.dumps(value)}\n" for name, value in _inputs(person).items()
    )
    return (
        f'resource "terraform_data" "{_name(person)}" {{\n'
        f"  input = {{\n{inputs}  }}\n}}\n"
    )


def _known(person: Person, number: str) -> dict[str, Any]:
    inputs = _inputs(person)
    kinds = {name: _kind(value) for name, value in inputs.items()}
    typed = {"value": inputs, "type": ["object", kinds]}
    attributes = {"id": number, "input": typed, "output": typed}
    return {
        "mode": "managed",
        "type": "terraform_data",
        "name": _name(person),
        "provider": 'provider["terraform.io/builtin/terraform"]',
        "instances": [{"schema_version": 0, "attributes": attributes}],
    }


def _name(person: Person) -> str:
    return f"profile_{person.identity}"


def _inputs(person: Person) -> Mapping[str, Any]:
    return {**asdict(person), "renewal": person.renewal.isoformat()}


def _kind(value: Any) -> Any:
    if isinstance(value, tuple):
        return ["tuple", ["string"] * len(value)]
    return "number" if isinstance(value, float) else "string"


def _uuid(chance: Random) -> str:
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))
