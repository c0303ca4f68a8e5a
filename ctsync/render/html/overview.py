"""What stands above the changes: target, verdict, notices, counts and findings."""

from __future__ import annotations

from collections.abc import Iterator

from ctsync.diagnostics import Diagnostic
from ctsync.render.diagnostics_text import (
    first_of_each,
    more_sentences,
    totals_sentence,
)
from ctsync.render.html.markup import Markup, element
from ctsync.render.plan_view import PlanView
from ctsync.render.summary_text import (
    EXCEPTION,
    blocked_sentence,
    counted,
    exception_yaml,
    header_sentences,
    percent_words,
    summary_sentence,
)

_BADGES = {"sandbox": "SANDBOX", "first_run": "FIRST RUN", "partial": "PARTIAL"}


def plan_name(view: PlanView) -> str:
    """Return the name of a plan: the first 12 hex digits of its digest."""
    return view.digest.removeprefix("sha256:")[:12]


def header(view: PlanView) -> Markup:
    """Return the verdict, and what the plan is for."""
    return element(
        "header",
        element(
            "p",
            element("span", f"ctsync plan {plan_name(view)}"),
            *_badges(view),
            class_="over",
        ),
        element("h1", summary_sentence(view)),
        element("dl", *_facts(view), class_="facts"),
    )


def _badges(view: PlanView) -> Iterator[Markup]:
    if view.blocked:
        yield element("strong", "BLOCKED", class_="badge bad")
    for sort, _ in header_sentences(view):
        if sort in _BADGES:
            yield element("strong", _BADGES[sort], class_=f"badge {sort}")


def _facts(view: PlanView) -> Iterator[Markup]:
    account = view.account
    facts = {
        "Project": view.project,
        "Account": account.id,
        "Region": account.region,
        "Endpoint": account.endpoint,
        "Environment": view.environment,
        "State serial": str(view.base.serial),
        "Digest": view.digest,
    }
    for name, value in facts.items():
        if value is not None:
            words = element("dd", element("bdi", value), class_=name.casefold())
            yield element("div", element("dt", name), words)


def notices(view: PlanView) -> Iterator[Markup]:
    """Yield what blocks the plan, and what else has to be known to read it."""
    if view.blocked:
        yield _blocked(view)
    for sort, sentence in header_sentences(view):
        if sort != "header":
            words = sentence.replace("\n", " ")
            yield element("p", words, class_=f"notice {sort}")


def _blocked(view: PlanView) -> Markup:
    rules = counted(len(view.blocked), "rule")
    items = (element("li", blocked_sentence(rule, view)) for rule in view.blocked)
    accepts = [rule.accept for rule in view.blocked if rule.accept]
    option = element("code", " ".join(accepts))
    lifting = [
        element("p", "To lift limits for this plan: ", option),
        element("p", f"{EXCEPTION} ", element("code", exception_yaml(view) or "")),
    ]
    return element(
        "section",
        element("h2", f"Blocked by {rules}; it cannot be applied"),
        element("ul", *items),
        *(lifting if accepts else ()),
        class_="notice bad",
    )


def counts(view: PlanView) -> Markup:
    """Return the counts, each with what it is of."""
    return element(
        "section",
        element("h2", "Counts", class_="sr"),
        element("dl", *_tiles(view), class_="tiles"),
    )


def _tiles(view: PlanView) -> Iterator[Markup]:
    profiles, summary = view.profiles, view.summary
    known = profiles["entries"]
    calls = summary["calls"]
    of_changes = f"of {counted(view.changed, 'change')}" if view.changed else ""
    yield _tile("opted in", summary["opt_in"], of_changes)
    yield _tile("create", profiles["create"], "new to this state")
    yield _tile("update", profiles["update"], _share(profiles["update"], known))
    yield _tile("release", profiles["release"], "nothing is sent")
    yield _tile("lose a value", profiles["remove"], _share(profiles["remove"], known))
    yield _tile("unchanged", profiles["unchanged"], _of(known, " in state"))
    yield _tile(
        "records", summary["records"], f"in {counted(calls, 'call')}" if calls else ""
    )
    yield from _further(view)


def _further(view: PlanView) -> Iterator[Markup]:
    undeclared = view.profiles["undeclared"]
    if undeclared:
        of = _share(undeclared, view.profiles["entries"])
        yield _tile("named nowhere", undeclared, of)
    if view.profiles["skipped"]:
        yield _tile("rows skipped", view.profiles["skipped"], "as invalid")
    if view.summary["once_held"]:
        yield _tile("held back", view.summary["once_held"], "written once")


def _tile(name: str, count: int, of: str) -> Markup:
    return element(
        "div",
        element("dt", name),
        element("dd", element("b", f"{count:,}"), element("span", of)),
        class_=None if count else "none",
    )


def _share(count: int, known: int) -> str:
    if not count or not known:
        return _of(known)
    return f"{percent_words(count, known)} of {known:,}"


def _of(whole: int, words: str = "") -> str:
    return f"of {whole:,}{words}" if whole else ""


def findings(view: PlanView) -> Markup:
    """Return the findings, the first of every code."""
    found = view.diagnostics
    if not found:
        return Markup()
    shown = tuple(first_of_each(found))
    more = more_sentences(shown, view.diagnostic_totals)
    return element(
        "section",
        element("h2", f"Findings: {totals_sentence(found, view.diagnostic_totals)}"),
        element(
            "ul",
            *map(_finding, shown),
            *(element("li", words, class_="soft") for words in more),
        ),
        class_="panel findings",
    )


def _finding(finding: Diagnostic) -> Markup:
    return element(
        "li",
        element("b", finding.severity, class_=f"severity {finding.severity}"),
        " ",
        element("code", finding.code),
        " ",
        element("bdi", finding.message),
        *([element("span", f" ({finding.hint})", class_="soft")] * bool(finding.hint)),
        element("span", finding.place, class_="place"),
    )
