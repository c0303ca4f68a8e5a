"""What is wanted of people, and projects whose changes go by the other door."""

import json
from pathlib import Path

from hypothesis import strategies as st
from platform_world import PlatformWorld

from ctsync.model.sftp_door import SftpDoor
from ctsync.transport.sftp_put import PutEvents, PutOrder, Upload, put_parts

BY_FILE = "removals: sftp, bulk: {over: 0, by: sftp}"
CHANNELS = f"channels: {{{BY_FILE}, sftp: {{email: ops@example.com}}}}\n"
MANIFEST = ".manifest"

# A letter at either end, so that nothing is trimmed, and none is an operator.
WORDS = st.from_regex(
    r"[A-Za-z東ü]([ -#%-~à-ÿ東京]{0,30}[A-Za-z.,;'\"])?", fullmatch=True
)
PEOPLE = ("u1", "u2", 'o"quote', "ann@example.com", "ü-3", "u, 4")
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9).filter(
    lambda number: number == 0 or abs(number) > 1e-9
)
VALUES = {
    "City": WORDS,
    "Name": WORDS | st.none(),
    "Gender": st.sampled_from(("M", "F", None)),
    "Score": NUMBERS,
    "Vip": st.booleans(),
    "Since": st.sampled_from(("2026-01-01", "1969-12-31", "2024-02-29T10:00:00+05:30")),
    "Tags": st.lists(WORDS, min_size=1, max_size=4, unique_by=str.casefold),
}


@st.composite
def wishes(draw):
    """Draw what is wanted of everybody."""
    people = draw(st.lists(st.sampled_from(PEOPLE), min_size=1, unique=True))
    return {
        person: draw(st.fixed_dictionaries({"Plan": WORDS}, optional=VALUES))
        for person in people
    }


def profiles(world):
    return {
        profile.value: {
            name: sorted(value) if isinstance(value, list) else value
            for name, value in profile.attributes.items()
        }
        for profile in world.sandbox.platform.profiles()
    }


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
        folder = self.folder / f"files{turn}"
        self("export", "made.plan", "--channel", "sftp", "--out", folder)
        put(self.sandbox, folder)
        # What is taken over so is not ctsync's own: no list is declared in part here.
        self("import", "spec", "--auto-approve")


def put(sandbox, folder):
    """Put the files of an export, and let them be imported."""
    door = sandbox.sftp
    target = SftpDoor(
        "127.0.0.1", door.user, door.fingerprint, port=door.port, key=door.key_file
    )
    manifests = sorted(folder.glob(f"*{MANIFEST}"))
    uploads = [Upload(each.with_suffix(".csv"), each) for each in manifests]
    events = PutEvents(intend=lambda _: None, tell=lambda _: None)
    result = put_parts(target, PutOrder(uploads), events)
    assert (result.failure, result.rest, result.unclear) == (None, (), ())
    door.settle()
    reports = [each.report for each in door.imports[-len(uploads) :]]
    assert {each.status for each in reports} <= {"success"}


class Applied(PlatformWorld):
    """A project of which apply puts files, and receipts reads what became of them."""

    def open(self):
        door = self.sandbox.sftp
        said = {
            "host": "127.0.0.1",
            "port": door.port,
            "user": door.user,
            "fingerprint": door.fingerprint,
            "key": str(door.key_file),
            "email": "ops@example.com",
        }
        file = Path(self.folder, "ctsync.yaml")
        channels = f"channels: {{{BY_FILE}, sftp: {json.dumps(said)}}}\n"
        file.write_text(file.read_text() + channels)

    def send(self, most):
        """Apply until nothing is left, and see that the state is never wrong."""
        for _ in range(most):
            first = ["--first-run"] * self.json("plan")["first_run"]
            self.tried("apply", "--auto-approve", *first)
            self.settle()
            if not self.json("plan")["changes"]:
                return
        raise AssertionError("it never ends")

    def settle(self):
        """Let all be imported, and the state learn what became of it."""
        self.sandbox.sftp.settle()
        reports = self.sandbox.sftp.reports
        self.tried("receipts", reports, "--all-others-accepted", "--auto-approve")
        assert self.json("drift")["drift"] is False

    def tried(self, *words):
        """Run a command of which something may be left."""
        self(*words, codes={0, 1, 3})
