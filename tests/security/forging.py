"""Forged plans: whatever is edited in a plan, nothing is sent that it does not show.

`PYTHONPATH=. python tests/security/forging.py 10000 [SEED]` edits bytes, fields and
lines of a saved plan, makes checksum, digest and counts fit again, shows each file and
applies it with the real commands against the sandbox. It prints what became of them.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from msgspec.structs import replace

from ctsync.canonical_json import canonical, fold_name, parse, sha256
from ctsync.cli.app import run
from ctsync.model.change import ACTIONS, Change, EntryAfter
from ctsync.model.operation import Operation
from ctsync.model.plan import PlanFoot
from ctsync.plan.document.change_codec import (
    START,
    change_from_line,
    change_line,
    settled_from_line,
)
from ctsync.plan.document.plan_checksum import seal_line
from ctsync.plan.document.plan_file import open_plan
from ctsync.plan.document.plan_writer import PlanWriter
from ctsync.sandbox import Sandbox

PASSCODE = "FORGED-PASSCODE"
PROJECT = """\
version: 1
account: {{id: TEST-1, region: in1, endpoint: "{url}"}}
state: state.jsonl
specs: [people.yaml]
catalog:
  Points: {{type: counter}}
  Tags: {{type: list}}
  First: {{type: string, write: once}}
  Born: {{type: date}}
policy: {{limits: {{opt_in: 9, remove: 90%, update: 100%}}}}
channels: {{removals: sftp}}
upload: {{records_per_call: 2, concurrency: 1}}
"""
BEFORE: dict[str, dict[str, Any]] = {
    "a": {"Plan": "Free", "Points": 100, "Tags": ["x", "y"]},
    "b": {"Plan": "Free", "Points": 5, "Tags": {"include": ["x"]}, "Gender": "M"},
    "c": {"Plan": "Free", "Points": 7, "Old": "gone soon"},
    "d": {"Plan": "Free", "MSG-email": False},
    "e": {"Plan": "Free", "Points": 9},
    "f": {"Plan": "Gold", "Points": 1, "Hat": "red"},
}
AFTER: dict[str, dict[str, Any]] = {
    "a": {"Plan": "Gold", "Points": 120, "Tags": ["y", "z"]},
    "b": {"Plan": "Free", "Points": 2, "Tags": {"exclude": ["w"]}, "Gender": None},
    "c": {"Points": 8, "Plan": "Free"},
    "d": {"Plan": "Free", "MSG-email": True, "First": "once"},
    "e": {"Points": 9, "Plan": "Free"},  # other words, and the same
    "f": {"Plan": "Gold", "Points": 1, "Hat": None},  # by file
    "new": {"Plan": "Free", "Born": "2001-02-03", "Tags": {"include": ["q"]}},
    "new2": {"Level": 1.5, "Vip": True},
}
"""What leads from the first to the second has every operator, wave and kind of line."""
MEMBERS = (["c", "e", "f"], ["d", "f"])
"""Who is in the cohort `vip` before and after: one leaves alone, one with a change."""

Edit = Callable[[list[bytes], Random], list[bytes]]


class Forged(AssertionError):
    """A file did what it did not show."""


@dataclass
class Score:
    """What became of the files."""

    ends: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        parts = (f"{count} {what}" for what, count in sorted(self.ends.items()))
        return f"{self.ends.total()} forged plans: " + ", ".join(parts)


class Forge:
    """A project, its plan, and files that were made of it."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.folder, self.sandbox = folder, sandbox
        self.write("ctsync.yaml", PROJECT.format(url=sandbox.url))
        self.declare(BEFORE, MEMBERS[0])
        self.ok("apply", "--auto-approve", "--first-run")
        self.declare(AFTER, MEMBERS[1])
        self.ok("plan", "--out", "true.plan")
        changes = json.loads(self.plan_now())["changes"]
        self.aims = {_name(change): _reached(change) for change in changes}
        self.plan = (folder / "true.plan").read_bytes()
        self.state = (folder / "state.jsonl").read_bytes()
        self.entries = _entries(self.state)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def declare(self, people: dict[str, dict[str, Any]], members: list[str]) -> None:
        profiles = [{"identity": k, "attributes": v} for k, v in people.items()]
        tier = {"attributes": {"Tier": "VIP"}, "leave": {"Tier": "Standard"}}
        cohorts = {"vip": {"members": members, **tier}}
        text = json.dumps({"profiles": profiles, "cohorts": cohorts}, indent=1)
        # Dates stand plain in YAML.
        self.write("people.yaml", text.replace('"2001-02-03"', "2001-02-03"))

    def run(self, *words: str) -> tuple[int, str]:
        """Run a command in this process; a traceback is an error of the forge."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run([*words, "-C", str(self.folder)])
        if "Traceback" in err.getvalue():
            raise Forged(err.getvalue())
        return code, out.getvalue()

    def ok(self, *words: str) -> str:
        code, said = self.run(*words)
        assert code == 0, (words, said)
        return said

    def restore(self) -> None:
        (self.folder / "state.jsonl").write_bytes(self.state)
        for left in self.folder.glob("state.jsonl.*"):
            if left.is_dir():
                shutil.rmtree(left)
            else:
                left.unlink()

    def offer(self, plan: bytes) -> str:
        """Show a file and apply it; say what became of it.

        Raises:
            Forged: something was sent, kept or counted that was not shown.
        """
        (self.folder / "forged.plan").write_bytes(plan)
        code, shown = self.run("show", "forged.plan", "--format", "json", "--reveal")
        calls = self.sandbox.platform.call_count
        words = ["apply", "forged.plan", "--format", "json"]
        approval = ["--auto-approve"]
        document = json.loads(shown)
        if code == 0 and len(plan) % 2:
            approval = ["--expect-digest", document["digest"]]
        ended, said = self.run(*words, *approval)
        sent = self.sandbox.platform.calls[calls:]
        if sent or (self.folder / "state.jsonl").read_bytes() != self.state:
            if code != 0:
                raise Forged("sent, though it cannot be shown")
            self._hold(document, sent, json.loads(said))
            self.ok("state", "list")
            self._hold_next(document)
            self.restore()
            return "sent as shown"
        if ended not in {0, 1, 4, 6, 64}:
            raise Forged(f"exit {ended}")
        return f"exit {ended}, nothing sent"

    def _hold(self, shown: dict[str, Any], sent: Any, said: dict[str, Any]) -> None:
        wanted = {_name(change): change for change in shown["changes"]}
        records: dict[str, list[Any]] = defaultdict(list)
        for call in sent:
            for record in parse(call.body)["d"]:
                records[_name({"key": _key_of(record)})].append(record["profileData"])
        expected = {n: w for n, c in wanted.items() if (w := _wires(c))}
        _same(dict(records), expected, "sent")
        whole = [c for c in wanted.values() if c["operations"] and not _by_file(c)]
        _same(said["counts"]["acknowledged"], len(whole), "counted")
        _same(said["digest"], shown["digest"], "digest")
        profiles = shown["summary"]["profiles"]
        actions = Counter(change["action"] for change in wanted.values())
        for action in ("create", "update", "release"):
            _same(profiles[action], actions[action], action)
        _same(profiles["remove"], sum(map(_loses, wanted.values())), "remove")
        self._hold_state(wanted)

    def _hold_next(self, shown: dict[str, Any]) -> None:
        """See that what a file left out is in the next plan, and cannot be hidden."""
        done = {_name(change): _reached(change) for change in shown["changes"]}
        left = [name for name, aim in self.aims.items() if done.get(name) != aim]
        due = {_name(change) for change in json.loads(self.plan_now())["changes"]}
        if not due.issuperset(left):
            raise Forged(f"{left} are not as declared, and the next plan has {due}")

    def plan_now(self) -> str:
        return self.run("plan", "--format", "json")[1]

    def _hold_state(self, wanted: dict[str, Any]) -> None:
        after = _entries((self.folder / "state.jsonl").read_bytes())
        for name in {*after, *self.entries}:
            change = wanted.get(name)
            self._hold_membership(name, after.get(name, {}))
            known = after.get(name, {}).get("attributes", {})
            before = self.entries.get(name, {}).get("attributes", {})
            if change is None:
                _same(known, before, f"kept of {name}")
                continue
            expected = dict(before)
            sent = [op for op in change["operations"] if op["channel"] == "api"]
            for operation in sent:
                expected[fold_name(operation["attribute"])] = operation["after"]
            # What goes in files is not done yet, and so the change is not.
            done = [] if _by_file(change) else change["forgotten"] + change["released"]
            for attribute in done:
                expected.pop(fold_name(attribute), None)
            moved = {fold_name(op["attribute"]) for op in sent}
            found = {
                name: _value(value) if name in moved else value
                for name, value in known.items()
            }
            _same(found, expected, f"kept of {name}")

    def _hold_membership(self, name: str, entry: dict[str, Any]) -> None:
        """See that only who leaves a cohort is no longer known as its member."""
        before = self.entries.get(name, {}).get("cohorts", [])
        stays = before if name.partition("=")[2] in MEMBERS[1] else []
        if not {*stays}.issubset(entry.get("cohorts", [])):
            raise Forged(f"{name} is no member any more, and nothing was shown of it")


def _by_file(change: dict[str, Any]) -> bool:
    return any(op["channel"] != "api" for op in change["operations"])


def _loses(change: dict[str, Any]) -> bool:
    return any(
        op["operator"] == "$delete"
        or (op["operator"] == "$remove" and {*(op["before"] or ())} & {*op["operand"]})
        for op in change["operations"]
    )


def _same(found: object, expected: object, what: str) -> None:
    if canonical(found) != canonical(expected):
        raise Forged(f"{what}: {found} is not what was shown: {expected}")


def _entries(state: bytes) -> dict[str, Any]:
    rows = [parse(line) for line in state.splitlines()[1:]]
    return {_name(row): row for row in rows if "key" in row}


def _value(known: dict[str, Any]) -> Any:
    return known.get("present", []) if known["kind"] == "list" else known.get("value")


def _name(row: dict[str, Any]) -> str:
    ((kind, identifier),) = row["key"].items()
    return f"{kind}={identifier}"


def _key_of(record: dict[str, Any]) -> dict[str, str]:
    return {k: v for k, v in record.items() if k not in {"type", "profileData"}}


def _reached(change: dict[str, Any]) -> dict[str, Any]:
    sent = [op for op in change["operations"] if op["channel"] == "api"]
    after = {fold_name(op["attribute"]): op["after"] for op in sent}
    after.pop("first", None)  # what is written once stays as it was sent
    return after | dict.fromkeys(map(fold_name, change["released"]))


def _wires(change: dict[str, Any]) -> list[Any]:
    """Give the records that the shown operations mean, in the order they leave in."""
    waves: dict[int, dict[str, Any]] = defaultdict(dict)
    for op in change["operations"]:
        if op["channel"] != "api":
            continue
        wave = 3 if op["operator"] in {"$incr", "$decr"} else op["step"]
        value = {op["operator"]: op["operand"]}
        waves[wave][op["attribute"]] = op["operand"] if "set" in value else value
    return [waves[wave] for wave in sorted(waves)]


def sealed(lines: list[bytes]) -> bytes:
    """Give head, lines and foot with a checksum that fits."""
    with contextlib.suppress(ValueError, KeyError, TypeError):
        foot = parse(lines[-1])
        foot["foot"]["bytes"] = sum(map(len, lines[:-1]))
        lines = [*lines[:-1], canonical(foot) + b"\n"]
    checksum = sha256(*lines)
    return b"".join(lines) + seal_line(lines[0], lines[-1], checksum)


def written_anew(plan: bytes) -> bytes:
    """Give a plan with digest, counts and order that fit its changes, if it can be."""
    lines = plan.splitlines(keepends=True)
    out = io.BytesIO()
    with contextlib.suppress(Exception), tempfile.TemporaryDirectory() as folder:
        (path := Path(folder, "p")).write_bytes(plan)
        with contextlib.suppress(Exception):
            open_plan(path).close()
            return plan
        from ctsync.plan.document.plan_header import open_ends

        ends = open_ends(path)
        writer = PlanWriter(out, ends.head)
        for line in lines[1:-2]:
            if line.startswith(START):
                writer.add_change(change_from_line(line))
            else:
                writer.add_settled(*settled_from_line(line))
        writer.close(ends.foot or PlanFoot())
        return out.getvalue()
    return plan


def forgeries(plan: bytes, rng: Random) -> Iterator[bytes]:
    """Yield edited plans without end; half of them fit in all that can be taken."""
    *lines, _ = plan.splitlines(keepends=True)
    while True:
        edited = list(lines)
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            edited = rng.choice(EDITS)(edited, rng)
        forged = sealed(edited)
        yield written_anew(forged) if rng.random() < 0.7 else forged


def _edit_byte(lines: list[bytes], rng: Random) -> list[bytes]:
    at = rng.randrange(len(lines))
    line = bytearray(lines[at])
    place = rng.randrange(len(line))
    match rng.randrange(4):
        case 0:
            line[place] ^= 1 << rng.randrange(8)
        case 1:
            del line[place]
        case 2:
            line.insert(place, rng.randrange(256))
        case _:
            line[place] = rng.choice(b'0159"{}[],:aZ')
    return [*lines[:at], bytes(line), *lines[at + 1 :]]


def _edit_field(lines: list[bytes], rng: Random) -> list[bytes]:
    at = rng.randrange(len(lines))
    try:
        data = parse(lines[at])
        places = list(_places(data))
        pool = [v for line in lines for *_, v in _places(parse(line))]
    except ValueError:
        return lines
    if not places:
        return lines
    holder, name, value = rng.choice(places)
    match rng.randrange(5):
        case 0:
            holder[name] = rng.choice(pool)
        case 1:
            del holder[name]
        case 2 if isinstance(value, int | float):
            holder[name] = rng.choice((value + 1, -value, value * 10**9, not value))
        case 3 if isinstance(value, str):
            holder[name] = rng.choice((value + "x", "", value.upper(), "MSG-email"))
        case _:
            holder[name] = rng.choice((None, True, False, 0, 1, "x", [], ["x"], {}))
    try:
        return [*lines[:at], canonical(data) + b"\n", *lines[at + 1 :]]
    except TypeError:
        return lines


def _places(data: Any) -> Iterator[tuple[Any, Any, Any]]:
    pairs = data.items() if isinstance(data, dict) else enumerate(data)
    for name, value in list(pairs):
        yield data, name, value
        if isinstance(value, dict | list):
            yield from _places(value)


def _edit_lines(lines: list[bytes], rng: Random) -> list[bytes]:
    edited = list(lines)
    one, two = (rng.randrange(1, max(2, len(lines) - 1)) for _ in range(2))
    match rng.randrange(4):
        case 0:
            del edited[one]
        case 1:
            edited.insert(one, edited[two])
        case 2:
            edited[one], edited[two] = edited[two], edited[one]
        case _:
            key = rng.choice(sorted((*BEFORE, "zz", "b0")))
            forget = rng.choice(([], ["points"], ["plan", "points"]))
            entry = ["f" * 32, [], forget] if forget else ["f" * 32]
            data = {"entry": entry, "key": {"identity": key}}
            edited.insert(one, canonical({"settled": data}) + b"\n")
    return edited


def _edit_change(lines: list[bytes], rng: Random) -> list[bytes]:
    """Alter one change so that it is still one, as far as the file can tell."""
    places = [at for at, line in enumerate(lines) if line.startswith(START)]
    at = rng.choice(places or [0])
    try:
        change = change_from_line(lines[at])
        forged = rng.choice(ALTERED)(change, rng)
        return [*lines[:at], change_line(forged), *lines[at + 1 :]]
    except (ValueError, TypeError, IndexError):
        return lines


def _altered_value(change: Change, rng: Random) -> Change:
    at = rng.randrange(len(change.operations))
    operation = change.operations[at]
    value = rng.choice(("Best", 7, True, "$D_0", operation.operand))
    operation = replace(operation, operand=value, after=value)
    return _with(change, at, operation)


def _altered_field(change: Change, rng: Random) -> Change:
    at = rng.randrange(len(change.operations))
    operation, name = change.operations[at], rng.choice(OPERATION_FIELDS)
    other = rng.choice(change.operations)
    return _with(change, at, replace(operation, **{name: getattr(other, name)}))


def _other_way(change: Change, rng: Random) -> Change:
    at = rng.randrange(len(change.operations))
    way = rng.choice(("api", "sftp"))
    return _with(change, at, replace(change.operations[at], channel=way))


def _shorter(change: Change, rng: Random) -> Change:
    at = rng.randrange(len(change.operations))
    operations = [*change.operations[:at], *change.operations[at + 1 :]]
    return replace(change, operations=tuple(operations))


def _with(change: Change, at: int, operation: Operation) -> Change:
    operations = [*change.operations]
    operations[at] = operation
    return replace(change, operations=tuple(operations))


def _other_end(change: Change, rng: Random) -> Change:
    settled = EntryAfter(
        rng.choice((None, "f" * 32, change.settled.fingerprint)),
        rng.choice(((), ("vip",))),
        rng.choice(((), ("plan",), ("points",), change.settled.forget)),
    )
    return replace(change, settled=settled)


def _other_words(change: Change, rng: Random) -> Change:
    return replace(
        change,
        action=rng.choice(ACTIONS),
        once=rng.choice(((), ("plan",), ("first",), ("points",))),
        locked=rng.choice(((), ("Plan",))),
        released=rng.choice(((), change.released, ("Points",), ("Nothing",))),
    )


OPERATION_FIELDS = Operation.__struct_fields__
ALTERED: tuple[Callable[[Change, Random], Change], ...] = (
    _altered_value, _altered_field, _other_way, _shorter, _other_end, _other_words,
)  # fmt: skip
EDITS: tuple[Edit, ...] = (
    _edit_byte, _edit_field, _edit_field, _edit_lines, _edit_change, _edit_change,
)  # fmt: skip


def trial(count: int, seed: int, folder: Path) -> Score:
    """Offer so many forged plans; give what became of them."""
    score = Score()
    with Sandbox(account_id="TEST-1", passcode=PASSCODE) as sandbox:
        forge = Forge(folder, sandbox)
        made = forgeries(forge.plan, Random(seed))
        for number in range(count):
            plan = next(made)
            try:
                score.ends[forge.offer(plan)] += 1
            except BaseException:
                sys.stderr.write(f"forged plan {number} of seed {seed}\n")
                Path(tempfile.gettempdir(), "forged.plan").write_bytes(plan)
                raise
    return score


def main(count: str = "10000", seed: str = "1") -> int:
    """Run, and print the score."""
    os.environ["CLEVERTAP_PASSCODE"] = PASSCODE
    os.environ.pop("CI", None)
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(f"{trial(int(count), int(seed), Path(folder))}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
