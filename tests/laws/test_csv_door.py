"""Law: the same wishes by the API or by the dashboard's CSV end in the same profiles.

Files of an export are uploaded to the sandbox as a person does it, who says the types
of columns; the sandbox reads them by none of the code that wrote them. Drawn is what
both ways can say: no lists, no counters, no commands, no removals.
"""

import tempfile
from pathlib import Path
from unittest import mock
from urllib.parse import urlencode
from urllib.request import Request, urlopen
from zoneinfo import ZoneInfo

import msgspec
from door_world import PEOPLE, VALUES, WORDS, Door, profiles
from hypothesis import given, settings
from hypothesis import strategies as st

KINDS = ("City", "Vip", "Since")
# Whole numbers of so many digits are numbers in YAML, too, and not text.
NUMBERS = st.integers(-(10**14), 10**14) | st.floats(-1e9, 1e9).filter(
    lambda number: number == 0 or abs(number) > 1e-9
)
VALUES = {
    **{name: VALUES[name] for name in KINDS},
    "Name": WORDS,
    "Gender": st.sampled_from(("M", "F")),
    "Phone": st.from_regex(r"\+[1-9][0-9]{9,13}", fullmatch=True),
    "Score": NUMBERS,
}
TYPES = {"Score": "FLOAT", "Vip": "BOOLEAN"}
ZONES = ("UTC", "Asia/Kolkata", "America/St_Johns")


@st.composite
def wishes(draw):
    """Draw values for everybody, in as many sets of attributes as there are people."""
    people = draw(st.lists(st.sampled_from(PEOPLE), min_size=1, unique=True))
    return {
        person: draw(st.fixed_dictionaries({"Plan": WORDS}, optional=VALUES))
        for person in people
    }


def upload(world, turn):
    """Export what is planned, and upload each file in the order of their names."""
    world("plan", "--out", "made.plan")
    folder = world.folder / f"files{turn}"
    world("export", "made.plan", "--channel", "csv", "--out", folder)
    for file in sorted(folder.iterdir()):
        report = send(world.sandbox.url, file.read_bytes())
        assert (report["status"], report["failures"]) == ("success", [])
        assert report["rows"] > 0
    world("import", "spec", "--auto-approve")


def send(url, data):
    header, _, _ = data.partition(b"\n")
    types = {
        name: kind for name, kind in TYPES.items() if f'"{name}"'.encode() in header
    }
    request = Request(f"{url}/sandbox/csv?{urlencode(types)}", data)
    with urlopen(request) as reply:
        return msgspec.json.decode(reply.read())


@settings(max_examples=8)
@given(turns=st.lists(wishes(), min_size=1, max_size=3), zone=st.sampled_from(ZONES))
def test_the_same_wishes_end_in_the_same_profiles(turns, zone):
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.dict("os.environ", {"CLEVERTAP_PASSCODE": "sandbox"}),
    ):
        for name in ("api", "csv"):
            Path(folder, name).mkdir()
        with (
            Door(Path(folder, "api"), ()) as api,
            Door(Path(folder, "csv"), (), zone=ZoneInfo(zone)) as csv,
        ):
            for world in (api, csv):
                world.open(f"timezone: {zone}\n")
            for turn, wanted in enumerate(turns):
                for world in (api, csv):
                    world.declare(wanted)
                api.send(turn)
                upload(csv, turn)
                assert profiles(csv) == profiles(api)
                assert csv.json("plan")["changes"] == []
            assert csv.sandbox.platform.call_count == 0
            assert csv.sandbox.platform.violations == ()
