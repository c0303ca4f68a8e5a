"""What stands above the changes: target, verdict, notices and counts, in words."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from ctsync.counted import counted
from ctsync.model.change_statistics import TRAITS
from ctsync.model.snapshot import Account, Base
from ctsync.render.plan_view import PlanView
from ctsync.render.summary_text import header_sentences, percent_words

OPT_IN, REMOVAL, CREATION, RELEASE = (
    1 << TRAITS.index(name) for name in ("opt-ins", "removals", "creations", "releases")
)
NOWHERE = 1 << len(TRAITS)
"""The filter of a page for profiles that no place names; beside those of `TRAITS`."""

SANDBOX = ("sandbox", "SANDBOX: simulation of documented behaviour")

Facts = dict[str, str | None]
"""Names and what they are; None where there is no such thing."""

_BADGES = {"sandbox": SANDBOX[1], "first_run": "FIRST RUN", "partial": "PARTIAL"}
_SHOWN_ELSEWHERE = {"header", "places", "sandbox"}


class Tile(Struct, frozen=True):
    """One count and what it is of; `shows` is the filter that finds whom it counts."""

    name: str
    count: int
    of: str = ""
    shows: int | None = None


def plan_name(view: PlanView) -> str:
    """Return the name of a plan: the first 12 hex digits of its digest."""
    return view.foot.digest.removeprefix("sha256:")[:12]


def badges(view: PlanView) -> Iterator[tuple[str, str]]:
    """Yield what is special about a plan, each with its class."""
    if view.foot.blocked:
        yield "bad", "BLOCKED"
    for sort, _ in header_sentences(view):
        if sort in _BADGES:
            yield sort, _BADGES[sort]


def facts(view: PlanView) -> Facts:
    """Return what a plan is for."""
    head = view.head
    places = head.talks_to
    return {
        **target_facts(head.account.shown, head.base, head.environment, head.project),
        "State": places.get("state"),
        "Notifies": places.get("notify", "nobody") if places else None,
        "Files go to": places.get("sftp"),
        "Digest": view.foot.digest,
    }


def target_facts(
    account: Account, base: Base, environment: str | None, project: str | None
) -> Facts:
    """Return what a document is about."""
    return {
        "Project": project,
        "Account": account.id,
        "Region": account.region,
        "Endpoint": account.endpoint,
        "Environment": environment,
        "State serial": f"{base.serial:,}",
    }


def notices(view: PlanView) -> Iterator[tuple[str, str]]:
    """Yield what else has to be known to read a plan, each with its class."""
    for sort, sentence in header_sentences(view):
        if sort not in _SHOWN_ELSEWHERE:
            yield sort, sentence.replace("\n", " ")


def tiles(view: PlanView) -> Iterator[Tile]:
    """Yield the counts of a plan."""
    profiles, summary = view.profiles, view.foot.summary
    known = profiles["entries"]
    calls = summary["calls"]
    of_changes = f"of {counted(view.changed, 'change')}" if view.changed else ""
    yield Tile("opted in", summary["opt_in"], of_changes, OPT_IN)
    yield Tile("create", profiles["create"], "new to this state", CREATION)
    yield Tile("update", profiles["update"], share_words(profiles["update"], known))
    yield Tile("release", profiles["release"], "nothing is sent", RELEASE)
    lost = profiles["remove"]
    yield Tile("lose a value", lost, share_words(lost, known), REMOVAL)
    yield Tile("unchanged", profiles["unchanged"], _of(known, " in state"))
    yield Tile(
        "records", summary["records"], f"in {counted(calls, 'call')}" if calls else ""
    )
    yield from _further(view)


def _further(view: PlanView) -> Iterator[Tile]:
    undeclared = view.profiles["undeclared"]
    if undeclared:
        of = share_words(undeclared, view.profiles["entries"])
        yield Tile("named nowhere", undeclared, of, NOWHERE)
    if view.profiles["skipped"]:
        yield Tile("rows skipped", view.profiles["skipped"], "as invalid")
    if view.foot.summary["once_held"]:
        yield Tile("held back", view.foot.summary["once_held"], "written once")
    by_file = view.foot.by_file
    if by_file:
        yield Tile("via SFTP", by_file, "profiles, in files")


def share_words(count: int, whole: int) -> str:
    """Give `0.8% of 1,200`; nothing of nothing."""
    if not count or not whole:
        return _of(whole)
    return f"{percent_words(count, whole)} of {whole:,}"


def _of(whole: int, words: str = "") -> str:
    return f"of {whole:,}{words}" if whole else ""
