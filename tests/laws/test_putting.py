"""Law: whatever happens on the way, each part is imported once, and in its order."""

import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from ctsync.model.sftp_door import SftpDoor
from ctsync.sandbox import TRANSFER_FAULTS, Sandbox, SftpSettings
from ctsync.transport.sftp_folder import PutTimes
from ctsync.transport.sftp_put import PutEvents, PutOrder, PutPace, Upload, put_parts

PARTS = ("run-1-00001", "run-1-00002", "run-2-00001")
# Their replies are awaited, so that none of these takes long.
QUICK = sorted(name for name in TRANSFER_FAULTS if not name.startswith("hang"))
ON_THE_WAY = st.sampled_from(QUICK)
ON_ARRIVAL = st.sampled_from(("none", "late", "twice", "silent", "taken-away"))


def written(folder):
    """Write parts: a list that grows by one value with each."""
    for part in PARTS:
        said = {
            "fileName": f"{part}.csv",
            "type": "profile",
            "clientEmail": "ops@example.com",
            "columns": {name: {"ctName": name} for name in ("identity", "Parts")},
        }
        rows = f"identity,Parts,Parts.operation\nu1,{part},$add\n"
        Path(folder, f"{part}.csv").write_text(rows)
        Path(folder, f"{part}.manifest").write_text(json.dumps(said))
    paths = [Path(folder, f"{part}.csv") for part in PARTS]
    return [Upload(path, path.with_suffix(".manifest")) for path in paths]


class Sender:
    """Puts parts in as many runs as it takes; it remembers what it wrote down."""

    def __init__(self, door, uploads):
        self.uploads = uploads
        self.target = SftpDoor(
            "127.0.0.1", door.user, door.fingerprint, port=door.port, key=door.key_file
        )
        self.intended, self.told = set(), set()

    def run(self, pauses):
        order = PutOrder(self.uploads, self.told.copy(), self.intended - self.told)
        events = PutEvents(intend=self.intended.add, tell=self.told.add)
        times = PutTimes(connect_seconds=20, reply_seconds=20)
        pace = PutPace(times, pauses=(0.0,) * pauses, sleep=lambda _: None)
        return put_parts(self.target, order, events, pace)


@settings(max_examples=15)
@given(
    on_the_way=st.lists(ON_THE_WAY, max_size=10),
    on_arrival=st.lists(ON_ARRIVAL, max_size=3),
    pauses=st.integers(0, 2),
)
def test_each_part_is_imported_once_and_in_its_order(on_the_way, on_arrival, pauses):
    late = SftpSettings(late_seconds=0.01)
    with tempfile.TemporaryDirectory() as folder, Sandbox(sftp=late) as sandbox:
        door = sandbox.sftp
        door.transfers.script(*on_the_way)
        door.faults.script(*on_arrival)
        sender = Sender(door, written(folder))
        for _ in range(len(on_the_way) + 1):
            result = sender.run(pauses)
            if not result.rest:
                break
        assert (result.failure, result.rest) == (None, ())
        assert {*result.put, *result.unclear} == {f"{part}.csv" for part in PARTS}
        door.settle()
        imported = [each.manifest.stem for each in door.imports]
        assert imported == sorted(imported)
        assert len({*imported}) == len(imported)
        assert {f"{part}.csv" for part in imported} >= {*result.put}
        # What may have come and left no trace is never put a second time.
        if "taken-away" not in on_arrival:
            assert result.unclear == ()
        profile = sandbox.platform.profile("identity", "u1")
        assert sorted(profile.attributes["Parts"]) == imported
        assert sandbox.platform.violations == ()
