"""The list of changes as markup: what readers without JavaScript see.

The page's script builds the same elements from the same data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ctsync.model.change_statistics import TRAITS
from ctsync.render.change_lines import ACTION_SYMBOLS, RELEASED
from ctsync.render.html.change import Card
from ctsync.render.html.chart import operator_class
from ctsync.render.html.markup import Markup, element, joined
from ctsync.render.operation_rows import OperationRow

ARROW = "→"
_TAG_OF = {
    "opt-ins": "opt-in",
    "locked": "locked",
    "removals": "removal",
    "creations": "new",
    "counters": "counter",
    "uncertain": "uncertain",
    "rest": "",
    "releases": "release",
}
_TAGS = tuple(_TAG_OF[trait] for trait in TRAITS)
_LABELS = tuple({"rest": "Other"}.get(trait, trait.capitalize()) for trait in TRAITS)
_PAGES = (50, 200, 1000)
_KEYS = (("/", "search"), ("Esc", "clear"), ("← →", "pages"))


def change_list(cards: Iterable[Card]) -> Markup:
    """Return the changes."""
    return element("ol", *map(_item, cards), id="list", class_="changes")


def toolbar() -> Markup:
    """Return search, filters and paging; shown by the script, useless without it."""
    return element(
        "form",
        element("div", *_choosers(), class_="line"),
        element(
            "div",
            *_chips(),
            class_="chips",
            role="group",
            aria_label="Show only changes with",
        ),
        element(
            "div",
            element("output", id="count", aria_live="polite"),
            _pager(),
            class_="line foot",
        ),
        id="tools",
        hidden=True,
        role="search",
        autocomplete="off",
    )


def _choosers() -> Iterator[Markup]:
    yield _search()
    yield _select("attribute", "Attribute", [("", "any")])
    yield _select("order", "Order", [("risk", "riskiest first"), ("key", "by key")])
    yield _select("size", "Per page", [(str(n), f"{n:,}") for n in _PAGES])


def _chips() -> Iterator[Markup]:
    for number, (label, tag) in enumerate(zip(_LABELS, _TAGS, strict=True)):
        yield _chip(label, tag, 1 << number)


def _search() -> Markup:
    field = element(
        "input",
        id="search",
        type="search",
        spellcheck="false",
        placeholder="Key, attribute, value or origin",
        aria_keyshortcuts="/",
    )
    return element("label", element("span", "Search"), field, class_="search")


def _select(name: str, label: str, options: list[tuple[str, str]]) -> Markup:
    choices = (element("option", words, value=value) for value, words in options)
    return element(
        "label", element("span", label), element("select", *choices, id=name)
    )


def _chip(label: str, tag: str, bit: int) -> Markup:
    return element(
        "button",
        element("span", label),
        element("b"),
        type="button",
        class_=f"chip trait-{bit}",
        data_bit=str(bit),
        data_tag=tag,
        aria_pressed="false",
    )


def _pager() -> Markup:
    page = element("input", id="page", type="number", min="1", value="1")
    return element(
        "span",
        element("button", "Previous", type="button", id="previous"),
        element("label", element("span", "Page"), page),
        element("span", id="pages"),
        element("button", "Next", type="button", id="next"),
        class_="pager",
    )


def keys_hint() -> Markup:
    """Return the keys that the script answers to."""
    keys = (joined((element("kbd", key), f" {words} ")) for key, words in _KEYS)
    return element("p", *keys, id="keys", class_="soft", hidden=True)


def _item(card: Card) -> Markup:
    rows = (*map(_row, card.rows), *map(_released, card.released))
    return element(
        "li",
        element("div", *_heading(card), class_="who"),
        element("table", element("tbody", *rows)),
    )


def _heading(card: Card) -> Iterator[Markup]:
    symbol = ACTION_SYMBOLS[card.action]
    yield element("span", symbol, class_=f"sign {card.action}", title=card.action)
    yield element("span", card.id_type, class_="type")
    yield element("bdi", card.key, class_="key")
    for number, tag in enumerate(_TAGS):
        if tag and card.traits >> number & 1:
            yield element("span", tag, class_=f"tag trait-{1 << number}")
    if card.places:
        yield element("bdi", ", ".join(card.places), class_="places")


def _row(row: OperationRow) -> Markup:
    name = row.attribute
    return _line(name, row.symbol, row.operator, joined(_words(row)))


def _released(name: str) -> Markup:
    return _line(name, ".", "release", element("span", RELEASED, class_="soft"))


def _line(name: str, symbol: str, operator: str, words: Markup) -> Markup:
    return element(
        "tr",
        element("td", symbol, class_="sign"),
        element("th", element("bdi", name), scope="row"),
        element("td", words),
        element("td", operator),
        class_=operator_class(operator),
    )


def _words(row: OperationRow) -> Iterator[Markup]:
    for number, side in enumerate(row.sides):
        if number:
            yield element("span", ARROW, class_="arrow")
        yield element("bdi", side, class_="value")
    for note in row.notes:
        yield element("div", note, class_="soft")
