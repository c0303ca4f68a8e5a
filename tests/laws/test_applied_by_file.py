"""Law: what apply puts in files ends where it was wanted, whatever happens to them."""

import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random
from unittest import mock

import pytest
from door_world import Applied, Door, profiles, wishes
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ctsync.sandbox import IMPORT_FAULTS, TRANSFER_FAULTS, SftpSettings
from ctsync.transport.sftp_put import PutPace

# A hang takes as long as a reply is waited for; what is gone is never put anew.
ON_THE_WAY = sorted(
    name for name in TRANSFER_FAULTS.keys() - {"none"} if not name.startswith("hang")
)
ON_ARRIVAL = sorted(IMPORT_FAULTS.keys() - {"taken-away", "none"})
QUICK = partial(PutPace, pauses=(0.0, 0.0), sleep=lambda _: None)
PEOPLE = ("u1", 'o"quote', "ü-3, x")
VALUES = {
    "City": ("Pune", 'say "so"', None),
    "Score": (5, 0.25, 2**40),
    "Tags": (["a"], ["a", "b"], ["c"], None),
}


# An example takes seconds, and smaller ones as many.
FOUND = settings(max_examples=3, phases=[Phase.reuse, Phase.generate])


@contextmanager
def applied(folder):
    """Yield a project of which all goes by files; nobody waits for anything."""
    folder.mkdir()
    with (
        mock.patch("ctsync.transport.sftp_put.PutPace", QUICK),
        mock.patch.dict("os.environ", {"CLEVERTAP_PASSCODE": "sandbox"}),
        Applied(folder, (), sftp=SftpSettings(late_seconds=0.01)) as made,
    ):
        made.open()
        yield made
        names = [each.manifest.name for each in made.sandbox.sftp.imports]
        assert len({*names}) == len(names)
        uploads = [c for c in made.sandbox.platform.calls if "upload" in c.target]
        assert uploads == []
        assert made.sandbox.platform.violations == ()


@pytest.fixture
def world(tmp_path):
    with applied(tmp_path / "world") as made:
        yield made


def wanted(chance):
    return {
        person: {"Plan": "Gold"}
        | {name: chance.choice(values) for name, values in VALUES.items()}
        for person in PEOPLE
    }


def shown(values):
    """Give attributes as the platform holds them: nothing for null, lists as sets."""
    return {
        name: sorted(value) if isinstance(value, list) else value
        for name, value in values.items()
        if value is not None
    }


def outlived(world, chance, turns):
    for _ in range(turns):
        people = wanted(chance)
        world.declare(people)
        world.send(6)
        assert profiles(world) == {who: shown(said) for who, said in people.items()}


@pytest.mark.parametrize("fault", ON_ARRIVAL)
def test_whatever_becomes_of_an_import_it_ends_where_it_was_wanted(world, fault):
    world.sandbox.sftp.faults.script(fault, "none", fault)
    outlived(world, Random(fault), 2)


@pytest.mark.parametrize("fault", ON_THE_WAY)
def test_whatever_happens_on_the_way_each_file_is_imported_once(world, fault):
    world.sandbox.sftp.transfers.script("none", fault, fault)
    outlived(world, Random(fault), 1)


@FOUND
@given(
    turns=st.lists(wishes(), min_size=1, max_size=2),
    on_the_way=st.lists(st.sampled_from(ON_THE_WAY), max_size=3),
    on_arrival=st.lists(st.sampled_from(ON_ARRIVAL), max_size=2),
)
def test_files_end_where_calls_would(turns, on_the_way, on_arrival):
    with tempfile.TemporaryDirectory() as folder, applied(Path(folder, "f")) as world:
        Path(folder, "api").mkdir()
        world.sandbox.sftp.transfers.script(*on_the_way)
        world.sandbox.sftp.faults.script(*on_arrival)
        with Door(Path(folder, "api"), ()) as api:
            for turn, people in enumerate(turns):
                for each in (api, world):
                    each.declare(people)
                api.send(turn)
                world.send(len(on_the_way) + len(on_arrival) + 2)
                assert profiles(world) == profiles(api)


@pytest.mark.parametrize(
    "faults", [["hang"], ["none", "hang"], ["none", "hang-after-rename"]]
)
def test_who_is_killed_in_a_file_goes_on_and_puts_none_twice(world, faults):
    people = wanted(Random(str(faults)))
    world.declare(people)
    world.sandbox.sftp.transfers.script(*faults)
    words = ("apply", "--auto-approve", "--first-run")
    command = [sys.executable, "-m", "ctsync", "-C", str(world.folder), *words]
    door, is_put = world.sandbox.sftp, faults[-1] == "hang-after-rename"
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        until = time.monotonic() + 60
        while not (door.transfers.is_dealt and len(door.imports) == is_put):
            assert time.monotonic() < until
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
    assert len(door.imports) == is_put
    world.send(3)
    assert profiles(world) == {who: shown(said) for who, said in people.items()}


def test_what_came_and_left_no_trace_is_not_put_again(world):
    world.sandbox.sftp.transfers.script("none", "cut-after-rename")
    world.sandbox.sftp.faults.script("taken-away")
    outlived(world, Random(1), 1)
