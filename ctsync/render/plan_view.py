"""What a rendering of a plan needs, and what every renderer answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, Protocol

from msgspec import Struct, field

from ctsync.diagnostics import Diagnostic
from ctsync.model.change import ACTIONS, Change
from ctsync.model.change_rows import ChangeRows, change_rows
from ctsync.model.change_statistics import ChangeStatistics, traits_of
from ctsync.model.masking import Mask
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account, Base


class Blocking(Protocol):
    """One rule that forbids a plan. `accept` is the option that would lift it."""

    @property
    def rule(self) -> str:
        """Such as `limits.update`."""

    @property
    def limit(self) -> str:
        """As the policy writes it."""

    @property
    def actual(self) -> int:
        """What the plan has."""

    @property
    def accept(self) -> str | None:
        """None where no option lifts the rule."""


class UnreadChange(Protocol):
    """One change, of which no more is read than is asked for."""

    @property
    def traits(self) -> int:
        """A bit for each of `TRAITS` that it has; costs next to nothing."""

    def rows(self) -> ChangeRows:
        """Return what is shown of it, as rows."""

    def change(self) -> Change:
        """Return the change itself, perhaps without its targets."""


class _Held(Struct, frozen=True):
    """A change that is at hand already."""

    whole: Change

    @property
    def traits(self) -> int:
        return traits_of(self.whole)

    def rows(self) -> ChangeRows:
        return change_rows(self.whole)

    def change(self) -> Change:
        return self.whole


class PlanView(Struct, frozen=True):
    """A plan as renderings see it.

    `changes` and `unread` give a fresh stream each time they are called: the same
    changes, by key, whole or still to be read. `survey` counts them. `left_out` counts
    the changes that were not chosen for the plan; `hidden` those of the plan that this
    view, narrowed further, does not give. `diagnostics` are already masked. `project`
    is the name of the project where it is known. `verified` says how much of a saved
    plan was found to be as it was written; of its ends alone only a summary is shown.
    """

    account: Account
    base: Base
    digest: str
    summary: Mapping[str, Any]
    changes: Callable[[], Iterator[Change]]
    survey: ChangeStatistics
    mask: Mask
    unread: Callable[[], Iterator[UnreadChange]] | None = None
    environment: str | None = None
    first_run: bool = False
    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    accepted: Mapping[str, int] = field(default_factory=dict)
    blocked: tuple[Blocking, ...] = ()
    left_out: int = 0
    hidden: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()
    diagnostic_totals: Mapping[str, int] = field(default_factory=dict)
    sandbox: bool = False
    talks_to: Mapping[str, str] = field(default_factory=dict)
    talked_to: Mapping[str, str] = field(default_factory=dict)
    unmarked: tuple[str, ...] = ()
    revert: str | None = None
    refreshed: Mapping[str, int] = field(default_factory=dict)
    project: str | None = None
    verified: Literal["whole", "ends"] = "whole"

    @property
    def news(self) -> tuple[str, ...]:
        """The sorts of places that the last apply, if any, did not talk to."""
        sorts = sorted({*self.talks_to, *self.talked_to})
        if not self.talked_to:
            return ()
        return tuple(s for s in sorts if self.talks_to.get(s) != self.talked_to.get(s))

    def lines(self) -> Iterator[UnreadChange]:
        """Yield the changes by key, each to be read when it is shown."""
        return map(_Held, self.changes()) if self.unread is None else self.unread()

    def those(self, wanted: Callable[[int], bool]) -> Iterator[Change]:
        """Yield the changes whose traits are wanted; reads no others."""
        return (line.change() for line in self.lines() if wanted(line.traits))

    @property
    def profiles(self) -> Mapping[str, int]:
        """Counts of profiles."""
        counts: Mapping[str, int] = self.summary["profiles"]
        return counts

    @property
    def changed(self) -> int:
        """How many changes the plan holds."""
        return sum(self.profiles[action] for action in ACTIONS)

    @property
    def shown(self) -> int:
        """How many changes `changes` gives."""
        return self.changed - self.hidden

    @property
    def whole(self) -> int:
        """How many changes there would be without any selection."""
        return self.changed + self.left_out

    @property
    def is_partial(self) -> bool:
        """Whether a selection chose among the changes."""
        return bool(self.targets or self.excludes)

    def shown_selectors(self, selectors: tuple[str, ...]) -> tuple[str, ...]:
        """Return selectors as a rendering may show them: `identity=~1f3a5c7d`."""
        return tuple(_masked_selector(text, self.mask) for text in selectors)


def _masked_selector(text: str, mask: Mask) -> str:
    kind, _, glob = text.partition("=")
    if kind != "identity" or glob.strip("*?") == "":
        return text
    return f"{kind}={mask.key_text(ProfileKey(kind, glob))}"


class Style(Struct, frozen=True):
    """How to show it.

    `everything` is `--all`, `summary_only` is `--summary`; `verbose` cuts no value.
    """

    colour: bool = False
    width: int = 80
    everything: bool = False
    summary_only: bool = False
    exit_code: int = 0
    verbose: bool = False


class Renderer(Protocol):
    """One form of a plan.

    A renderer is one file of this package with a module constant `RENDERER`; it is
    then found by its `name`, which `--format` takes. It reads the view alone, yields
    text as it goes, keeps no more than a bounded number of changes, and shows values
    and keys only through `ctsync.render.value_text` or `ctsync.render.plan_json`, which
    mask.
    """

    @property
    def name(self) -> str:
        """The word of `--format`."""

    def render(self, view: PlanView, style: Style) -> Iterator[str]:
        """Yield the rendering in pieces; joined, they are the whole document."""
