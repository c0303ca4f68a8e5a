"""Law: the same wishes by the API or by SFTP end in the same profiles.

Files are read here as the public docs on imports have it, by nobody's code but the
test's own: manifests in the order of their names, rows in theirs, cells by their types.
"""

import csv
import json
from pathlib import Path
from random import Random

import pytest
from platform_world import PlatformWorld

CHANNELS = "channels: {removals: sftp, bulk: {over: 0, by: sftp}}\n"
TYPES = {
    "STRING": str,
    "INTEGER": int,
    "LONG": int,
    "FLOAT": float,
    "BOOLEAN": {"true": True, "false": False}.__getitem__,
}
PEOPLE = ("u1", "u2", 'o"quote', "ann@example.com", "ü-3", "u, 4")
WORDS = ("Gold", 'say "so", then', "a;b", "東京", "it's", "x" * 90, " in side".strip())
VALUES = {
    "Plan": WORDS,
    "City": WORDS,
    "Name": (*WORDS, None),
    "Gender": ("M", "F", None),
    "Score": (5, -7, 0.25, 2**40, 1e-7, 1e21),
    "Vip": (True, False),
    "Since": ("2026-01-01", "1969-12-31", "2024-02-29T10:00:00+05:30"),
    "Tags": (["a"], ["a", "b"], ["c", "b", 'q"'], ["d"]),
}


def wishes(chance):
    """Draw what is wanted of everybody."""
    return {
        person: {
            name: chance.choice(values)
            for name, values in VALUES.items()
            if chance.random() < 0.7
        }
        | {"Plan": chance.choice(WORDS)}
        for person in PEOPLE
    }


def import_files(folder, platform):
    """Do what the files say to the platform."""
    for path in sorted(folder.glob("*.manifest")):
        manifest = json.loads(path.read_text())
        with (folder / manifest["fileName"]).open(newline="") as file:
            for row in csv.DictReader(file, strict=True):
                import_row(row, manifest["columns"], platform)


def import_row(row, columns, platform):
    identity = row["identity"]
    for header, column in columns.items():
        if header == "identity":
            continue
        name, operator = column["ctName"], row[f"{header}.operation"]
        assert operator in {"$set", "$add", "$remove", "$delete"}
        profile = platform.profile("identity", identity)
        held = None if profile is None else profile.attributes.get(name)
        values = [*held] if isinstance(held, list) else []
        if operator == "$delete":
            after = None
        elif operator == "$set":
            after = TYPES[column["dataType"]](row[header])
        elif operator == "$add":
            after = values if row[header] in values else [*values, row[header]]
        else:
            after = [each for each in values if each != row[header]] or None
        platform.edit("identity", identity, {name: after})


def profiles(world):
    found = (world.sandbox.platform.profile("identity", each) for each in PEOPLE)
    return [
        {
            name: sorted(value) if isinstance(value, list) else value
            for name, value in profile.attributes.items()
        }
        for profile in found
    ]


class Door(PlatformWorld):
    """A project whose changes go one way."""

    def open(self, more=""):
        file = Path(self.folder, "ctsync.yaml")
        file.write_text(file.read_text() + more)
        return self

    def send(self, turn):
        self.apply(*(["--first-run"] if turn == 0 else []))

    def put(self, turn):
        self("plan", "--out", "made.plan")
        self("export", "made.plan", "--channel", "sftp", "--out", f"files{turn}")
        import_files(self.folder / f"files{turn}", self.sandbox.platform)
        # What is taken over so is not ctsync's own: no list is declared in part here.
        self("import", "spec", "--auto-approve")


@pytest.mark.parametrize("seed", range(4))
def test_the_same_wishes_end_in_the_same_profiles(seed, tmp_path, monkeypatch):
    monkeypatch.setenv("CLEVERTAP_PASSCODE", "sandbox")
    chance = Random(seed)
    for name in ("api", "sftp"):
        (tmp_path / name).mkdir()
    with Door(tmp_path / "api", ()) as api, Door(tmp_path / "sftp", ()) as sftp:
        sftp.open(CHANNELS)
        for turn in range(4):
            wanted = wishes(chance)
            for world in (api, sftp):
                world.declare(wanted)
            api.send(turn)
            sftp.put(turn)
            assert profiles(sftp) == profiles(api)
            assert sftp.json("plan")["changes"] == []
        assert sftp.sandbox.platform.call_count == 0
