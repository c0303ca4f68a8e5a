"""Whatever happens on the way, two applies later the platform is what was declared."""

import tempfile
from itertools import product
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from trial.course import PAIRS
from trial.wire import FAULTS, LATE
from trial.wishes import COUNTS, PASSCODE, Person
from trial.world import Trouble, World

from ctsync.model.policy import Limit
from ctsync.sandbox import Sandbox

PEOPLE = [*PAIRS, "someone@example.com", "u1"]
chances = st.integers(0, 2**20).map(Random)
troubles = st.builds(
    lambda faults, crash_at, stop_after, canary: Trouble(
        iter(faults), crash_at, stop_after, canary and Limit(canary)
    ),
    st.lists(st.sampled_from(("none", *FAULTS)), max_size=8),
    st.none() | st.integers(0, 40),
    st.none() | st.integers(0, 5),
    st.none() | st.integers(1, 3),
)


class Convergence(RuleBasedStateMachine):
    """A project and a platform, and everything that may happen between them."""

    @initialize(
        undeclared=st.sampled_from(("keep", "remove")),
        records_per_call=st.integers(1, 3),
        chance=chances,
    )
    def begin(self, undeclared, records_per_call, chance):
        self.folder = tempfile.TemporaryDirectory()
        self.sandbox = Sandbox(passcode=PASSCODE, seed=chance.randrange(9)).start()
        self.world = World(
            Path(self.folder.name),
            self.sandbox,
            undeclared=undeclared,
            records_per_call=records_per_call,
        )
        self.change_and_apply(chance, 9, Trouble())

    @rule(chance=chances, edits=st.integers(1, 9), trouble=troubles)
    def change_and_apply(self, chance, edits, trouble):
        self.world.edit(PEOPLE, chance, edits)
        self.plan = self.world.plan()
        self.world.apply(self.plan, trouble)

    @rule(steps=st.integers(1, 8), trouble=troubles)
    def undo_and_apply(self, steps, trouble):
        self.world.undo(steps)
        self.plan = self.world.plan()
        self.world.apply(self.plan, trouble)

    @rule(trouble=troubles)
    def apply_again(self, trouble):
        self.world.apply(self.plan, trouble)

    @rule(chance=chances, trouble=troubles)
    def apply_any_plan_there_was(self, chance, trouble):
        self.world.apply(chance.choice(self.world.plans), trouble)

    @rule()
    def recover(self):
        self.world.recover()

    @rule()
    def doubt(self):
        self.world.doubt()

    @rule(chance=chances)
    def somebody_else_writes(self, chance):
        self.world.settle_foreign(chance.choice(PEOPLE), chance)

    @rule(chance=chances)
    def somebody_else_moves_a_counter_in_doubt(self, chance):
        self.world.disturb_uncertain(chance)

    @invariant()
    def what_is_known_is_true(self):
        if hasattr(self, "world"):
            self.world.check()

    def teardown(self):
        if not hasattr(self, "world"):
            return
        try:
            self.world.converge()
            self.world.undo(3)
            self.world.converge()
        finally:
            self.world.close()
            self.sandbox.stop()
            self.folder.cleanup()


def test_after_two_applies_at_most_the_platform_is_what_was_declared():
    run_state_machine_as_test(
        Convergence,
        settings=settings(
            max_examples=40,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_finished_plan_may_be_tried_by_a_process_that_ends_before_it_is_refused():
    course = Convergence()
    course.begin(undeclared="keep", records_per_call=1, chance=Random(1))
    course.undo_and_apply(steps=1, trouble=Trouble())
    course.change_and_apply(chance=Random(0), edits=2, trouble=Trouble(crash_at=1))
    course.apply_any_plan_there_was(chance=Random(0), trouble=Trouble(crash_at=0))
    course.teardown()


def test_a_counter_that_moved_twice_would_be_seen():
    """The targets are such that no repeated difference ends on one of them."""
    targets = {*COUNTS, 802, 900, 933}  # and what somebody else writes
    for before, after in product(targets, targets):
        for times in range(2, 8) if before != after else ():
            assert before + times * (after - before) not in targets


def test_a_lost_assignment_of_a_counter_is_waited_out_before_the_next_plan(tmp_path):
    """It was tried again and acknowledged; its first try may still be written."""
    with Sandbox(passcode=PASSCODE) as sandbox:
        world = World(tmp_path, sandbox)
        for target, faults in ((7, (LATE,)), (20, ())):
            world.wishes.people["u1"] = Person({"Points": target})
            world.apply(world.plan(), Trouble(iter(faults)))
            assert world.time.late == []
        assert world.converge() == 0
        world.close()
