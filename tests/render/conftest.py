"""Small plans: builders of changes, and a view of them with its counts added up."""

import json
from collections import Counter
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest

from ctsync.model.change import Change, Origin
from ctsync.model.change_statistics import ChangeStatistics
from ctsync.model.masking import Mask
from ctsync.model.operation import OPERATORS, Operation
from ctsync.model.plan import BlockedRule, PlanFoot, PlanHead
from ctsync.model.profile_key import ProfileKey
from ctsync.model.snapshot import Account, Base
from ctsync.render.plan_view import PlanView, Style

VOID = {"meta", "input"}
ORIGIN = Origin("people/jack.yaml", 3)


def _operation(attribute="Plan", operator="set", operand="Gold", **rest):
    fields = {"kind": "string", "prior": "known", "before": None, "after": operand}
    return Operation(attribute, operator=operator, operand=operand, **fields | rest)


def _change(id_="1189549", *operations, action="update", id_type="identity", **rest):
    fields = {"origins": (ORIGIN,), **rest}
    return Change(ProfileKey(id_type, id_), action, operations, **fields)


def _view(*changes, **rest):
    """A view; what stands in the head or the foot of a plan may be given by name."""
    summary = _summary(changes, rest.pop("profiles", {})) | rest.pop("summary", {})
    stream = rest.get("changes", lambda: iter(changes))
    fields = {
        "account": Account("WR8-9K6-7Z5Z", "in1"),
        "base": Base("lineage-1", 3),
        "digest": f"sha256:{'0' * 64}",
        "summary": summary,
        "changes": stream,
        "survey": rest.get("survey") or ChangeStatistics.of(stream()),
        "mask": Mask("lineage-1"),
    }
    return _view_with(**fields | rest)


def _view_with(**fields):
    head, foot = (
        {name: fields.pop(name) for name in kind.__struct_fields__ if name in fields}
        for kind in (PlanHead, PlanFoot)
    )
    return PlanView(PlanHead(**head), PlanFoot(**foot), **fields)


def _summary(changes, profiles):
    actions = Counter(change.action for change in changes)
    operators = Counter(op.operator for c in changes for op in c.operations)
    return {
        "profiles": {
            "entries": 1200,
            "create": actions["create"],
            "update": actions["update"],
            "release": actions["release"],
            "remove": sum(change.removes for change in changes),
            "undeclared": 0,
            "unchanged": 788,
            "skipped": 0,
        }
        | profiles,
        "operations": {name: operators[name] for name in OPERATORS},
        "opt_in": sum(change.opt_in for change in changes),
        "once_held": 0,
        "records": len(changes),
        "calls": 1 if changes else 0,
        "channels": {"sftp": _in_files(changes)},
    }


def _in_files(changes):
    own = [[op for op in change.operations if op.goes_in_file] for change in changes]
    return {"profiles": sum(map(bool, own)), "operations": sum(map(len, own))}


@pytest.fixture
def a():
    """Builders: `a.operation`, `a.change`, `a.view`, and a rule that blocks."""
    return SimpleNamespace(
        operation=_operation,
        change=_change,
        view=_view,
        rule=BlockedRule,
    )


@pytest.fixture
def text():
    """Give a plan as whole text."""
    return lambda view, **style: _whole("text", view, **style)


@pytest.fixture
def whole():
    """Give a plan in a format, in one piece."""
    return _whole


def _whole(name, view, **style):
    from ctsync.render.renderers import renderer_for

    return "".join(renderer_for(name).render(view, Style(**style)))


@pytest.fixture
def jack():
    """One profile with an operation of every sort."""
    return _change(
        "1189549",
        _operation("Account Manager", before="Ann", operand="Bob", sensitive=True),
        _operation("Birthday", kind="date", operand="$D_635472000"),
        _operation("Gender", "$delete", 1, before="M", after=None),
        _operation(
            "Interests", "$remove", ("hats",), kind="list", before=("bags", "hats"),
            after=("bags",), step=1, certain=False,
        ),
        _operation(
            "Interests", "$add", ("shoes",), kind="list", before=("bags",),
            after=("bags", "shoes"), step=2, certain=False, ours=("shoes",),
        ),
        _operation("Level", kind="number", prior="unknown", operand=120),
        _operation("Points", "$incr", 20, kind="counter", before=100, after=120),
        _operation("Plan", before="Free"),
        _operation(
            "Score", kind="number", operand=1.5, before=2, prior="uncertain",
            since="run-7",
        ),
        _operation("Vegan", kind="boolean", operand=True, before=False),
        released=("Old Plan",),
        origins=(ORIGIN, Origin("export/loyalty.csv", row=17, table="loyalty")),
    )  # fmt: skip


class Page(HTMLParser):
    """What a browser would find: elements, and the text of each script and style."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.raw, self._open = [], [], []
        self.visible = ""
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in {"script", "style"}:
            self.raw.append([dict(attrs).get("id", tag), ""])
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open and self._open[-1] in {"script", "style"}:
            self.raw[-1][1] += data
        else:
            self.visible += data

    def found(self, tag, **attrs):
        return [a for t, a in self.tags if t == tag and attrs.items() <= a.items()]

    @property
    def scripts(self):
        return dict(self.raw)

    @property
    def changes(self):
        return json.loads(self.scripts["data"])


@pytest.fixture(scope="session")
def parsed():
    """Give what a browser would find in a page."""
    return Page
