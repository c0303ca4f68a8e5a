"""The plan that follows an import is empty, wherever it was read from."""

import json
import tempfile

import duckdb
import pytest
from platform_world import PlatformWorld
from pyarrow import feather, parquet

from ctsync.observe import write_spec
from ctsync.sandbox import DISTORTIONS
from ctsync.sandbox.keys import SandboxKey

EVENT = ("--event", "App Launched", "--since", "2026-11-01", "--until", "2026-11-30")
PEOPLE = {
    f"u{number}": {
        "Name": "Zoë Ünï",
        "Phone": "+14155551234",
        "Email": f"u{number}@example.com",
        "Customer Type": "Platinum",
        "Favorite Color": "Red: 'blue', \"x\"",
        "Zip": "00123",
        "Score": number,
        "Half": 1.5,
        "Points": 7,
        "Ok": True,
        "Tags": ["Shoes", "bags"],
        "One": ["X"],
        "DOB": "$D_635472000",
        "Since": "$D_86400",
    }
    for number in range(3)
}
DATES = {"DOB": "1990-02-20", "Since": "1970-01-02"}
DECLARED = {
    name: {n: DATES.get(n, v) for n, v in person.items() if n != "Points"}
    for name, person in PEOPLE.items()
}
FORMS = {"csv": "csv", "jsonl": "jsonl", "jsonl.gz": "jsonl", "parquet": "parquet",
         "tsv": "tsv", "arrow": "arrow"}  # fmt: skip
SAME = [["folded-names", "numeric-phone"], *([name] for name in DISTORTIONS)]


@pytest.fixture(autouse=True)
def _passcode(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("CLEVERTAP_PASSCODE", "sandbox")


def put(world):
    for name, attributes in PEOPLE.items():
        world.sandbox.platform.edit("identity", name, attributes)
    keys = [SandboxKey("identity", name) for name in PEOPLE]
    world.sandbox.platform.record_event("App Launched", 20261101, keys)


def export(world, ending):
    """Write everybody into a file, as a daily export may show them."""
    rows = [
        {"identity": name, **attributes, "MSG-email": "Subscribed"}
        for name, attributes in PEOPLE.items()
    ]
    lines = world.folder / "rows.json"
    lines.write_text("".join(json.dumps(row) + "\n" for row in rows))
    path = world.folder / f"export.{ending}"
    if ending == "jsonl":
        lines.rename(path)
    elif ending == "jsonl.gz":
        import gzip

        path.write_bytes(gzip.compress(lines.read_bytes()))
        lines.unlink()
    else:
        texts = {"csv": "CSV, HEADER", "tsv": "CSV, HEADER, DELIMITER '\t'"}
        how = texts.get(ending, "PARQUET")
        columns = "* REPLACE (to_json(Tags) AS Tags, to_json(One) AS One)"
        columns = columns if ending in texts else "*"
        query = f"SELECT {columns} FROM read_json_auto('{lines}')"
        duckdb.sql(f"COPY ({query}) TO '{path}' (FORMAT {how})")
        lines.unlink()
        if ending == "arrow":
            feather.write_feather(parquet.read_table(path), path)
    return path.name


def ways(world):
    yield "keys", ("api", *PEOPLE)
    yield "event", ("api", *EVENT)
    for ending in FORMS:
        yield ending, (export(world, ending),)


WAYS = ("keys", "event", *FORMS)


@pytest.mark.parametrize("most_in_yaml", [1_000, 1])
@pytest.mark.parametrize("way", WAYS)
def test_what_is_written_as_a_spec_is_what_was_read(way, most_in_yaml, monkeypatch):
    monkeypatch.setattr(write_spec, "MOST_IN_YAML", most_in_yaml)
    with tempfile.TemporaryDirectory() as folder, PlatformWorld(folder, []) as world:
        put(world)
        words = dict(ways(world))[way]
        said = world.json("import", *words, "--write-spec", "p.yaml", "--auto-approve")
        assert said["profiles"] == len(PEOPLE)
        assert world.json("plan")["changes"] == []
        assert world.sandbox.platform.violations == ()


@pytest.mark.parametrize("way", ["keys", "event"])
@pytest.mark.parametrize("distortions", SAME, ids="+".join)
def test_a_spec_is_written_however_a_read_shows_values(way, distortions):
    with (
        tempfile.TemporaryDirectory() as folder,
        PlatformWorld(folder, distortions) as world,
    ):
        put(world)
        words = dict(ways(world))[way]
        world("import", *words, "--write-spec", "p.yaml", "--auto-approve")
        assert world.json("plan")["changes"] == []


SHOWN = [(way, each) for way in ("keys", "event") for each in SAME]


@pytest.mark.parametrize(("way", "distortions"), [*SHOWN, *((f, []) for f in FORMS)])
def test_what_the_spec_declares_and_is_so_is_not_sent(way, distortions):
    """Text of digits that a file or read turned into numbers is equal, too."""
    with (
        tempfile.TemporaryDirectory() as folder,
        PlatformWorld(folder, distortions) as world,
    ):
        put(world)
        world.declare(DECLARED)
        words = dict(ways(world))[way]
        world("import", *words, "--auto-approve")
        assert world.json("plan")["changes"] == []
