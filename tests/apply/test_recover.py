"""What a reader sees while another run folds: one version, or the next."""

import pytest
from breaking import Crash, cut_off
from msgspec.structs import replace

from ctsync.apply.folding.fold import fold_journal
from ctsync.apply.journal.journal_replay import JournalReplay
from ctsync.apply.recover import edited_view, folded_view, recover
from ctsync.errors import StateError
from ctsync.model.desired_value import DesiredValue
from ctsync.model.snapshot import Base
from ctsync.state.journal_lines import open_line, seal_lines

GOLD, FREE = (
    {"u1": (DesiredValue("Plan", "string", value),)} for value in ("Gold", "Free")
)


class Busy:
    """A store in which something happens after the first read."""

    def __init__(self, store, happens):
        self._store, self._happens = store, [happens]

    def __getattr__(self, name):
        return getattr(self._store, name)

    def _then(self, found):
        if self._happens:
            self._happens.pop()()
        return found

    def journal(self):
        return self._then(self._store.journal())

    def read(self):
        return self._then(self._store.read())

    def read_unverified(self):
        return self._then(self._store.read_unverified())


@pytest.fixture
def left(world):
    """A world in which a run was killed after its call was acknowledged."""
    world.bring(FREE)
    assert cut_off(world, world.plan(GOLD), 9)
    kinds = [next(iter(line)) for line in world.store.journal().lines()]
    assert "receipt" in kinds
    return world


def plan_of(view):
    return [entry.attributes["plan"].value for entry in view.entries()]


@pytest.mark.parametrize("view", [folded_view, edited_view])
def test_a_fold_between_two_reads_hides_nothing(left, view):
    seen = view(Busy(left.store, lambda: recover(left.store)))
    assert plan_of(seen) == ["Gold"]
    assert seen.base.serial == left.store.read().header.serial


@pytest.mark.parametrize("view", [folded_view, edited_view])
def test_a_view_is_what_a_fold_would_make(left, view):
    seen = view(left.store)
    assert plan_of(seen) == ["Gold"]
    folded = recover(left.store)
    assert plan_of(folded) == ["Gold"]
    after = view(left.store)
    assert (plan_of(after), after.base) == (["Gold"], folded.base)


def test_an_edit_takes_the_place_of_snapshot_and_journal_at_once(left):
    """Whoever writes it down makes the serial that a fold would have made."""
    before = left.store.read().header.serial
    assert edited_view(left.store).base.serial == before
    assert folded_view(left.store).base.serial == before + 1


def mismatching(store, times, code="journal_mismatch"):
    """A store of which some reads do not belong together."""
    reads = iter([True] * times)

    class Between(Busy):
        def read(self):
            if next(reads, False):
                raise StateError("they do not", hint="", code=code)
            return self._store.read()

    return Between(store, lambda: None)


def test_who_reads_between_two_runs_reads_again_and_not_for_ever(left):
    assert plan_of(folded_view(mismatching(left.store, 2))) == ["Gold"]
    with pytest.raises(StateError):
        folded_view(mismatching(left.store, 3))


def test_any_other_fault_is_told_at_once(left):
    with pytest.raises(StateError):
        folded_view(mismatching(left.store, 1, code="state_edited"))


def test_a_fold_moves_on_what_the_header_says_of_the_run(left):
    """Whatever wrote the snapshot before: it is the run's from now on."""
    journal, header = left.store.journal(), left.store.read().header
    before = replace(header, tool_version="0.0.1", talks_to={"a": "b"}, marks=("m",))
    after = fold_journal(before, journal, JournalReplay(journal.lines())).header
    head = journal.head
    assert after.serial == header.serial + 1
    assert after.tool_version == head["tool_version"] != "0.0.1"
    assert (after.talks_to, [*after.marks]) == (head["talks_to"], [*head["marks"]])
    assert (after.last_plan.checksum, after.last_plan.open) == (head["plan"], True)
    assert after.lineage == header.lineage


def runs_of(store):
    return [each.record["run"] for each in store.runs()]


def test_where_nothing_is_known_a_plan_is_made_from_nothing(world):
    for view in (folded_view, edited_view, recover):
        seen = view(world.store)
        assert (seen.base, [*seen.entries()]) == (Base(), [])


def test_what_a_run_left_is_kept_folded_and_gone(left):
    before, kept = left.store.read().header, runs_of(left.store)
    (run,) = [left.store.journal().head["run"]]
    seen = recover(left.store)
    assert runs_of(left.store) == [run, *kept]
    assert left.store.journal() is None
    header = left.store.read().header
    assert (seen.base.serial, seen.header) == (before.serial + 1, header)


@pytest.mark.parametrize("operations", [b"7", b"[[7]]"])
def test_a_row_that_no_run_writes_is_neither_kept_nor_folded(left, operations):
    """A journal that is sealed may still not be one that ctsync wrote."""
    (path,) = left.folder.glob("*.journal")
    texts, checksum = [], 0
    for line in path.read_bytes().splitlines(keepends=True):
        text, checksum = open_line(line, checksum)
        texts.append(text[:-1].replace(b'[["Plan","Gold","=","Free"]]', operations))
    forged, _ = seal_lines(texts, 0)
    for mark in left.folder.glob("*.sent"):
        mark.unlink()
    path.write_bytes(forged)
    kept = runs_of(left.store)
    for take_up in (recover, folded_view):
        with pytest.raises(StateError) as refused:
            [*take_up(left.store).entries()]
        assert refused.value.code == "journal_damaged"
    assert runs_of(left.store) == kept


class Stops(Busy):
    """A store of which some steps are the last thing that happens."""

    def __init__(self, store, *steps):
        super().__init__(store, lambda: None)
        for step in steps:
            setattr(self, step, self._stop)

    @staticmethod
    def _stop(*_, **__):
        raise Crash


def test_what_was_folded_already_is_neither_kept_nor_folded_again(left):
    with pytest.raises(Crash):
        recover(Stops(left.store, "discard_journal"))
    assert left.store.journal() is not None
    before = left.store.read().header
    for view in (folded_view, edited_view):
        assert view(left.store).base.serial == before.serial
    seen = recover(Stops(left.store, "append_run", "amend"))
    assert (seen.header, left.store.journal()) == (before, None)


def test_a_run_that_did_nothing_is_gone_without_a_trace(world):
    world.bring(FREE)
    before, kept = world.store.read().header, runs_of(world.store)
    assert cut_off(world, world.plan(GOLD), 2)
    kinds = {next(iter(line)) for line in world.store.journal().lines()}
    assert kinds == {"change"}
    for view in (folded_view, edited_view):
        assert view(world.store).header == before
    assert recover(world.store).header == before
    assert (world.store.journal(), runs_of(world.store)) == (None, kept)


def test_a_run_of_which_all_was_refused_is_kept_although_nothing_is_folded(world):
    world.bring(FREE)
    before, kept = world.store.read().header, runs_of(world.store)
    world.sandbox.script("reject")
    assert cut_off(world, world.plan(GOLD), 9)
    journal = world.store.journal()
    assert "receipt" in {next(iter(line)) for line in journal.lines()}
    assert recover(world.store).header == before
    assert world.store.journal() is None
    assert runs_of(world.store) == [journal.head["run"], *kept]


def test_an_edit_needs_no_journal_but_reads_the_one_that_is_there(left):
    """Of one whose file was taken away nothing is known."""

    class Without(Busy):
        code = "journal_gone"

        def journal(self):
            raise StateError("no journal", hint="", code=self.code)

    store = Without(left.store, lambda: None)
    assert plan_of(edited_view(store)) == ["Free"]
    assert edited_view(store).header == left.store.read_unverified().header
    store.code = "journal_damaged"
    with pytest.raises(StateError, match="no journal"):
        edited_view(store)
