"""One project, one state, one platform, and everything that may happen between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from msgspec.structs import replace

from ctsync.apply.apply_plan import apply_plan
from ctsync.apply.apply_result import ApplyResult
from ctsync.apply.apply_settings import ApplySettings, RetryPace, SilentObserver
from ctsync.apply.recover import CurrentSnapshot, folded_view, recover
from ctsync.canonical_json import canonical, fold_name
from ctsync.errors import PlanRefused, SpecError
from ctsync.kinds.base import ValueContext
from ctsync.model.masking import Mask
from ctsync.model.plan import PlanHead
from ctsync.model.policy import Limit
from ctsync.plan.document.plan_file import SavedPlan, scratch_file
from ctsync.plan.make_plan import make_plan
from ctsync.plan.planner import Planner
from ctsync.project import load_project
from ctsync.sandbox import Sandbox
from ctsync.sources.project_sources import ProjectSources
from ctsync.state.base import Store
from ctsync.state.entry_edits import doubt_entry
from ctsync.state.jsonl_store import JsonlStore
from ctsync.transport.http import connect
from trial.expect import KEPT, mistakes
from trial.watch import Broken, Watch
from trial.wire import Crash, FrailStore, Fuse, Time, Traffic, Wire
from trial.wishes import (
    CANARY,
    COUNTERS,
    PASSCODE,
    Chance,
    Wishes,
    edit,
    project_text,
)

TIMEOUT_SECONDS = 30.0
PACE = RetryPace(first_seconds=0.01, most_seconds=0.02, slice_seconds=0.01)
VARIABLES = {"CLEVERTAP_PASSCODE": PASSCODE}


@dataclass
class Stop:
    """A signal that comes after so many calls."""

    after: int | None = None
    calls: int = 0
    signal_number: int | None = 15

    @property
    def requested(self) -> bool:
        return self.after is not None and self.calls >= self.after

    def called(self) -> None:
        self.calls += 1


@dataclass
class Trouble:
    """What goes wrong in one apply."""

    faults: Iterator[str] = field(default_factory=lambda: iter(()))
    crash_at: int | None = None
    stop_after: int | None = None
    canary: Limit | None = None

    def fault(self) -> str:
        return next(self.faults, "none")


class World:
    """Brings a changing project to a platform that misbehaves, under watch."""

    def __init__(
        self,
        folder: Path,
        sandbox: Sandbox,
        *,
        undeclared: str = "keep",
        records_per_call: int = 2,
        concurrency: int = 1,
    ) -> None:
        self.folder, self.sandbox = folder, sandbox
        self.removes = undeclared == "remove"
        self.records_per_call = records_per_call
        self.concurrency = concurrency
        self.wishes, self.history = Wishes(), [Wishes()]
        self.watch, self.time = Watch(sandbox.platform), Time(sandbox)
        self.ids = count(1)
        self.plans: list[SavedPlan] = []
        self.joined: set[str] = set()
        self.known: set[str] = set()
        self._frame = ValueContext()
        self._traffic = Traffic()
        self._finished: set[str] = set()
        self._members_of: dict[str, set[str]] = {}
        (folder / "ctsync.yaml").write_text(
            project_text(
                sandbox.url,
                undeclared=undeclared,
                records_per_call=records_per_call,
                concurrency=concurrency,
            )
        )

    def close(self) -> None:
        for plan in self.plans:
            plan.close()

    @property
    def store(self) -> Store:
        return JsonlStore.at("state.jsonl", folder=self.folder, name=None)

    # The project

    def edit(self, identities: list[str], chance: Chance, times: int) -> None:
        self.history = [*self.history[-9:], self.wishes.copy()]
        for _ in range(times):
            edit(self.wishes, identities, chance)

    def undo(self, steps: int) -> None:
        for _ in range(steps):
            if self.history:
                self.wishes = self.history.pop()

    # Somebody else

    def settle_foreign(self, identity: str, chance: Chance) -> None:
        """Let somebody else write what this project does not know of."""
        values: dict[str, Any] = {KEPT[0]: KEPT[1]}
        if self.watch.platform.profile("identity", identity) is None:
            values["Tags"] = ["z1", "z2"]
            values["Points"] = chance.choice((802, 900))
            self.watch.foreign[identity, "Tags"] |= {"z1", "z2"}
            self.watch.allowed[identity, "Points"].add(values["Points"])
        self.sandbox.platform.edit("identity", identity, values)

    def disturb_uncertain(self, chance: Chance) -> None:
        """Let somebody else change a counter of which nothing certain is known."""
        doubtful = [
            (entry.key.id, known.name)
            for entry in folded_view(self.store).entries()
            for known in entry.attributes.values()
            if known.name in COUNTERS and not known.certain
        ]
        if doubtful:
            identity, name = chance.choice(sorted(doubtful))
            self.watch.allowed[identity, name].add(933)
            self.sandbox.platform.edit("identity", identity, {name: 933})

    # Planning

    def plan(self) -> SavedPlan:
        """Plan what is wanted; edits that no plan can bring about are taken back."""
        while True:
            try:
                plan = self._plan()
            except SpecError:
                if not self._retreat():
                    raise
            else:
                break
        self.watch.planned(self.wishes)
        self._members_of[plan.checksum] = set(self.wishes.members)
        self.plans = [*self.plans[-3:], plan]
        return plan

    def _retreat(self) -> bool:
        kinds = [p for p in self.wishes.people.values() if "Misc" in p.attributes]
        if not self.history and not kinds:
            return False
        if self.history:
            self.wishes = self.history.pop()
        else:
            for person in kinds:
                del person.attributes["Misc"]
        return True

    def _plan(self) -> SavedPlan:
        (self.folder / "people.yaml").write_text(self.wishes.text())
        project = load_project(self.folder, variables=VARIABLES)
        self._frame = project.frame
        present = folded_view(self.store)
        head = PlanHead(
            project.account(VARIABLES),
            present.base,
            first_run=present.header is None,
            records_per_call=self.records_per_call,
            passcode_variable="CLEVERTAP_PASSCODE",
        )
        planner = Planner(
            project,
            ProjectSources(project),
            Mask(present.base.lineage),
            findings=project.findings,
        )
        return make_plan(planner, head, present.entries(), scratch_file())

    # Applying

    def apply(self, plan: SavedPlan, trouble: Trouble) -> ApplyResult | None:
        """Apply; None where the plan was refused or the process ended."""
        self.watch.plan = plan.checksum
        self.watch.totals["applies"] += 1
        calls = self.sandbox.platform.call_count
        try:
            result = self._apply(plan, trouble)
        except Crash:
            self.watch.totals["crashes"] += 1
            self._traffic.wait()
            result = None
        except PlanRefused:
            if self.sandbox.platform.call_count != calls:
                raise Broken("a refused plan was sent") from None
            return None
        self._after(plan, result)
        is_sent = self.sandbox.platform.call_count != calls
        # A process that ended while it took up what another left has begun nothing.
        if plan.checksum in self._finished and (is_sent or result is not None):
            raise Broken("a plan that left nothing open was applied again")
        if result is not None and result.is_complete and result.calls:
            self._finished.add(plan.checksum)
        return result

    def _apply(self, plan: SavedPlan, trouble: Trouble) -> ApplyResult:
        fuse, stop = Fuse(trouble.crash_at), Stop(trouble.stop_after)

        def connected() -> Wire:
            account = plan.head.account
            inner = connect(account, PASSCODE, timeout_seconds=TIMEOUT_SECONDS)
            return Wire(
                inner, self.sandbox, self.time, self.watch, trouble.fault, fuse,
                self._traffic, TIMEOUT_SECONDS, stop.called,
            )  # fmt: skip

        return apply_plan(
            plan,
            FrailStore(self.store, fuse, self.watch),  # type: ignore[arg-type]
            connected,
            terms=self._terms(trouble),
            clock=self.time.clock(),
            sleep=self.time.sleep,
            rng=Random(7),
            new_id=lambda: f"id{next(self.ids)}",
            observer=SilentObserver(),
            stop=stop,
        )

    def _terms(self, trouble: Trouble) -> ApplySettings:
        return ApplySettings(
            records_per_call=self.records_per_call,
            concurrency=self.concurrency,
            timeout_seconds=TIMEOUT_SECONDS,
            canary=trouble.canary,
            frame=self._frame,
            pace=PACE,
        )

    def _after(self, plan: SavedPlan, result: ApplyResult | None) -> None:
        # What is late is left in flight for as long as it can be.
        self.watch.ended()
        forgotten = {
            (change.key.id, name)
            for change in plan.changes()
            for name in self._forgotten(change)
        }
        self.watch.forget(self._no_longer_known(forgotten))
        self.known |= {change.key.id for change in plan.changes()}
        if result is not None:
            self._judge(plan, result)

    @staticmethod
    def _forgotten(change: Any) -> set[str]:
        named = {fold_name(op.attribute): op.attribute for op in change.operations}
        return {*change.released, *(named.get(f, f) for f in change.settled.forget)}

    def _no_longer_known(
        self, names: set[tuple[str, str]]
    ) -> Iterator[tuple[str, str]]:
        known = {
            (entry.key.id, folded)
            for entry in folded_view(self.store).entries()
            for folded in entry.attributes
        }
        return ((i, name) for i, name in names if (i, fold_name(name)) not in known)

    def _judge(self, plan: SavedPlan, result: ApplyResult) -> None:
        counts, changes = result.counts, list(plan.changes())
        due = sum(change.action != "release" for change in changes)
        if sum(counts.values()) != due or min(counts.values()) < 0:
            raise Broken(f"counts {counts} do not add up to {due}")
        said = [str(each.outcome) for each in result.tally.outcomes(changes)]
        if any(said.count(name) != number for name, number in counts.items()):
            raise Broken(f"the report does not bear out {counts}")
        if (result.exit_code == 0) != (counts["acknowledged"] == due):
            raise Broken(f"exit code {result.exit_code} with {counts}")
        if CANARY in (text := canonical(result.as_json(Mask())).decode()):
            raise Broken(f"a personal value in {text}")
        if PASSCODE in text:
            raise Broken("the passcode is in the document")
        if result.is_complete:
            members = self._members_of[plan.checksum]
            self.joined = set(members)

    # What is known

    def doubt(self) -> None:
        """Do as `state doubt --all` does."""
        present = self.recover()
        if present.header is None:
            return
        header = replace(present.header, serial=present.header.serial + 1)
        self.store.replace(header, [doubt_entry(e) for e in present.entries()])
        self.watch.doubt()

    def recover(self) -> CurrentSnapshot:
        return recover(self.store)

    def check(self) -> None:
        """Hold what the state says to what the platform holds."""
        if self.time.late:
            return
        if self.watch.platform.violations:
            raise Broken(f"violations: {self.watch.platform.violations[:3]}")
        for entry in folded_view(self.store).entries():
            profile = self.watch.platform.profile("identity", entry.key.id)
            found = {**profile.attributes, **profile.flags} if profile else {}
            folded = {fold_name(name): value for name, value in found.items()}
            for name, known in entry.attributes.items():
                if not name.startswith("subscriptions."):
                    _check_known(entry.key.id, known, folded.get(name))

    def converge(self, *, most: int = 2) -> int:
        """Apply without faults until nothing is left; say how often it took."""
        for number in range(most + 1):
            plan = self.plan()
            if not list(plan.changes()):
                self._expect()
                return number
            if number < most:
                result = self.apply(plan, Trouble())
                if result is None or not result.is_complete:
                    raise Broken("an apply without faults was not complete")
                self.check()
        raise Broken(f"after {most} applies: {list(plan.changes())[:2]}")

    def _expect(self) -> None:
        self.recover()
        self.time.land(lambda *_: True)
        found = list(
            mistakes(
                self.wishes, self.watch, removes=self.removes, joined=self.joined,
                known=self.known,
            )
        )  # fmt: skip
        if found:
            raise Broken("; ".join(found[:5]))


def _check_known(identity: str, known: Any, found: Any) -> None:
    if known.kind == "list":
        held = set(found) if isinstance(found, list) else {found} - {None}
        lacks = set(known.present) - held
        if lacks or set(known.absent) & held:
            raise Broken(f"{identity} {known.name}: {known} but it holds {held}")
    elif known.certain and not known.maybe and known.value != found:
        raise Broken(f"{identity} {known.name}: {known.value!r} but it is {found!r}")
