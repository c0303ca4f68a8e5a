"""What a rendering of a plan needs, and what every renderer answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Literal, Protocol, runtime_checkable

from msgspec import Struct

from ctsync.model.change import ACTIONS, Change
from ctsync.model.change_rows import ChangeRows, change_rows
from ctsync.model.change_statistics import traits_of
from ctsync.model.masking import Mask
from ctsync.model.plan import PlanFoot, PlanHead
from ctsync.model.profile_key import ProfileKey


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
    changes, by key, whole or still to be read. `hidden` counts the changes of the plan
    that this view, narrowed further, does not give. `verified` says how much of a saved
    plan was found to be as it was written; of its ends alone only a summary is shown.
    """

    head: PlanHead
    foot: PlanFoot
    changes: Callable[[], Iterator[Change]]
    mask: Mask
    unread: Callable[[], Iterator[UnreadChange]] | None = None
    hidden: int = 0
    verified: Literal["whole", "ends"] = "whole"

    @property
    def news(self) -> tuple[str, ...]:
        """The sorts of places that the last apply, if any, did not talk to."""
        now, before = self.head.talks_to, self.head.talked_to
        sorts = sorted({*now, *before}) if before else ()
        return tuple(sort for sort in sorts if now.get(sort) != before.get(sort))

    def lines(self) -> Iterator[UnreadChange]:
        """Yield the changes by key, each to be read when it is shown."""
        return map(_Held, self.changes()) if self.unread is None else self.unread()

    @property
    def profiles(self) -> Mapping[str, int]:
        """Counts of profiles."""
        counts: Mapping[str, int] = self.foot.summary["profiles"]
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
        return self.changed + self.foot.left_out

    @property
    def is_partial(self) -> bool:
        """Whether a selection chose among the changes."""
        return bool(self.head.targets or self.head.excludes)

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


@runtime_checkable
class Renderer(Protocol):
    """One form of a plan.

    A renderer is one file of `ctsync.render.plan_formats` with a module constant
    `RENDERER`, or such a module of an installed package with an entry point of the
    group `ctsync.renderers`; file or entry point are called as its `name`, which
    `--format` takes. It reads the view alone, yields
    text as it goes, keeps no more than a bounded number of changes, and shows values
    and keys only through `ctsync.render.value_text` or `ctsync.render.plan_json`, which
    mask.
    """

    @property
    def name(self) -> str:
        """The word of `--format`."""

    def render(self, view: PlanView, style: Style) -> Iterator[str]:
        """Yield the rendering in pieces; joined, they are the whole document."""
