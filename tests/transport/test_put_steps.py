"""Law: wherever an upload is lost or killed, a manifest takes its place at most once.

Every step of an upload is tried with every end that it can have, on a folder in memory;
the platform may take what is in its place between any two connections.
"""

from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctsync.errors import PutFailed
from ctsync.model.sftp_door import SftpDoor
from ctsync.transport import sftp_put
from ctsync.transport.sftp_folder import for_now
from ctsync.transport.sftp_put import PutEvents, PutOrder, PutPace, Upload, put_parts

PARTS = ("run-1-00001", "run-1-00002")
UPLOADS = [Upload(Path(f"{part}.csv"), Path(f"{part}.json")) for part in PARTS]
NAMES = tuple(upload.name for upload in UPLOADS)
DOOR = SftpDoor("sftp.example.com", "A1", "SHA256:...")
FATES = ("lost before", "lost after", "refused after", "killed before", "killed after")
MOST_STEPS = 40


class Killed(BaseException):
    """The process is gone."""


class Folder:
    """What lies on the server, with a fate for each step that is asked of it."""

    def __init__(self, fates, *, is_taken=False):
        self.names = set()
        self.fates = fates
        self.is_taken = is_taken
        self.steps = self.windows = 0
        self.placed = []

    def connect(self):
        if self.is_taken:  # a part, as the platform finds it
            for upload in UPLOADS:
                if upload.manifest.name in self.names:
                    self.names -= {upload.manifest.name, upload.data.name}

    async def _step(self, act):
        fate = self.fates.get(self.steps)
        self.steps += 1
        if fate in {"lost before", "killed before"}:
            raise Killed if fate == "killed before" else lost()
        found = act()
        if fate == "lost after":
            raise lost()
        if fate == "killed after":
            raise Killed
        if fate == "refused after":
            raise PutFailed("the server says no", hint="", code="CT815")
        return found

    async def holds(self, name, _):
        return await self._step(lambda: name in self.names)

    async def is_waiting(self, name):
        return await self._step(lambda: for_now(name) in self.names)

    async def upload(self, name, _):
        await self._step(lambda: self.names.add(for_now(name)))

    async def take_place(self, name):
        await self._step(lambda: self._rename(name))

    async def tidy(self, name):
        self.names.discard(for_now(name))

    def _rename(self, name):
        assert for_now(name) in self.names
        assert name not in self.names
        self.names = self.names - {for_now(name)} | {name}
        if name.endswith(".json"):
            assert name.replace(".json", ".csv") in self.names
            self.placed.append(name)


def lost():
    return PutFailed("lost", hint="", code="CT816", is_passing=True)


class Journal:
    """What a run has written down, and the next one reads."""

    def __init__(self):
        self.intended, self.put = set(), []

    def run(self, folder, pauses):
        @asynccontextmanager
        async def opened(*_):
            folder.connect()
            yield folder

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sftp_put, "opened_folder", opened)
            events = PutEvents(self.intended.add, self.put.append)
            order = PutOrder(UPLOADS, {*self.put}, self.intended.copy())
            pace = PutPace(pauses=(0.0,) * pauses, sleep=lambda _: None)
            return put_parts(DOOR, order, events, pace)


def run_to_the_end(folder, pauses):
    """Run until nothing is left to do, and hold what holds of every run."""
    journal = Journal()
    for _ in range(MOST_STEPS):
        try:
            result = journal.run(folder, pauses)
        except Killed:
            continue
        require_truth(folder, journal, result)
        if not result.rest and result.failure is None:
            return journal, result
    raise AssertionError("it never ends")


def require_truth(folder, journal, result):
    placed = [f"{name[:-5]}.csv" for name in folder.placed]
    assert len(placed) == len({*placed}), "put twice"
    assert {*result.put} == {*journal.put} <= {*placed}
    assert not {*result.rest} & {*placed}
    assert {*placed} <= {*result.put, *result.unclear}
    assert len(journal.put) == len({*journal.put}), "told twice"
    assert sorted((*result.put, *result.unclear, *result.rest)) == sorted(NAMES)


@pytest.mark.parametrize("pauses", [0, 3])
@pytest.mark.parametrize("is_taken", [False, True])
@pytest.mark.parametrize("fate", FATES)
def test_every_step_may_end_in_every_way(fate, is_taken, pauses):
    whole = Folder({})
    run_to_the_end(whole, 0)
    assert whole.steps > 10
    for step in range(whole.steps):
        folder = Folder({step: fate}, is_taken=is_taken)
        _, result = run_to_the_end(folder, pauses)
        assert len(folder.placed) == len(PARTS)
        if not is_taken:
            assert result.put == NAMES


@given(
    fates=st.dictionaries(st.integers(0, MOST_STEPS), st.sampled_from(FATES)),
    is_taken=st.booleans(),
    pauses=st.integers(0, 2),
)
def test_any_number_of_steps_may_end_badly(fates, is_taken, pauses):
    folder = Folder(fates, is_taken=is_taken)
    _, result = run_to_the_end(folder, pauses)
    assert len(folder.placed) == len(PARTS)
    if not is_taken:
        assert result.put == NAMES


def step_of(act):
    """Give the number of the first step that does something to the first manifest."""
    folder = Folder({})
    steps = []

    def noted(name):
        steps.append((folder.steps, name))

    original = getattr(folder, act)

    async def acted(name, *others):
        noted(name)
        return await original(name, *others)

    setattr(folder, act, acted)
    Journal().run(folder, 0)
    manifest = UPLOADS[0].manifest.name
    return next(step for step, name in steps if name == manifest)


def test_a_refusal_after_the_deed_is_looked_into_at_once():
    folder = Folder({step_of("take_place"): "refused after"})
    result = Journal().run(folder, 0)
    assert (result.put, result.failure) == (NAMES, None)


def test_what_is_seen_to_wait_is_not_unclear():
    """An earlier run wrote down its intent, and then did nothing."""
    journal = Journal()
    folder = Folder({step_of("take_place"): "killed before"})
    with pytest.raises(Killed):
        journal.run(folder, 0)
    assert journal.intended == {NAMES[0]}
    seen_to_wait = folder.steps + 2
    folder.fates = {seen_to_wait: "lost before"}
    result = journal.run(folder, 0)
    assert result.failure is not None
    assert (result.unclear, result.rest) == ((), NAMES)
