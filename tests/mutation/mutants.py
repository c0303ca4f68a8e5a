"""Small wrongs that can be put into a module: one change of its syntax tree each."""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

Change: TypeAlias = Callable[[ast.AST], ast.AST]

_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_NAMED = {
    "min": "max", "max": "min", "any": "all", "all": "any", "sorted": "tuple",
    "frozenset": "tuple", "issubset": "issuperset", "issuperset": "issubset",
    "union": "intersection", "intersection": "union", "difference": "union",
    "startswith": "endswith", "endswith": "startswith",
}  # fmt: skip


_NOTHING = ("return", "return None", "return False")  # who asks takes them for one
# They keep writers of code from mistakes, or save time; no run tells them apart.
_GUARDS = frozenset({"frozen", "kw_only", "slots", "gc", "maxsize"})


@dataclass(frozen=True)
class Mutant:
    """One wrong: where it is, what it does, and what makes the source that has it.

    `lines` are those of the statement (of a compound one its head), `statement` is its
    first line. `function` names the outermost function whose body has it, as
    `Class.method`; None if it is met while the module is imported.
    """

    line: int
    what: str
    make: Callable[[], str]
    lines: range = range(0)
    function: str | None = None
    statement: str = ""

    @property
    def name(self) -> str:
        """What it is known by in its module, wherever the lines of that move to."""
        return "\t".join((self.function or "-", self.statement or "-", self.what))

    @property
    def source(self) -> str:
        """The source that has it, made only for those that are put to the test."""
        return self.make()


def mutants_of(source: str) -> Iterator[Mutant]:
    """Yield every wrong that can be put into a module, from the top."""
    tree = ast.parse(source)
    nodes = [node for node in ast.walk(tree) if not isinstance(node, ast.Module)]
    left_out = _left_out(tree)
    place, seen = places_in(tree), Counter[str]()
    for number, node in enumerate(nodes):
        if id(node) in left_out:
            continue
        for what, change in _changes(node):
            lines, function, statement = place[id(node)]
            make = partial(_with, tree, number, change)
            line, head = getattr(node, "lineno", 0), _head_of(statement)
            found = Mutant(line, what, make, lines, function, head)
            seen[found.name] += 1
            if seen[found.name] > 1:
                found = replace(found, what=f"{what} ({seen[found.name]})")
            yield found


_Place: TypeAlias = tuple[range, str | None, ast.AST | None]


def _head_of(statement: ast.AST | None) -> str:
    return "" if statement is None else ast.unparse(statement).splitlines()[0][:80]


def places_in(tree: ast.Module) -> dict[int, _Place]:
    """Give for every node, by its id, its statement, its lines and its function."""
    return dict(_places(tree, (), None, (range(0), None)))


def _places(
    node: ast.AST,
    names: tuple[str, ...],
    function: str | None,
    within: tuple[range, ast.AST | None],
) -> Iterator[tuple[int, _Place]]:
    """Yield for every node the function it runs in, and its statement with lines."""
    own_lines = _own_lines(node)
    lines, statement = within if own_lines is None else (own_lines, node)
    yield id(node), (lines, function, statement)
    named = isinstance(node, ast.ClassDef | ast.FunctionDef)
    inner = (*names, node.name) if named else names  # type: ignore[attr-defined]
    body = node.body if isinstance(node, ast.FunctionDef) else []
    for child in ast.iter_child_nodes(node):
        own = ".".join(inner) if child in body and function is None else function
        yield from _places(child, inner, own, (lines, statement))


def _own_lines(node: ast.AST) -> range | None:
    if not isinstance(node, ast.stmt | ast.ExceptHandler):
        return None
    body = getattr(node, "body", None)
    last = max(node.lineno, body[0].lineno - 1) if body else node.end_lineno
    return range(node.lineno, (last or node.lineno) + 1)


def _left_out(tree: ast.Module) -> set[int]:
    """Give nodes that say nothing at run time: annotations, and text for people."""
    roots = [root for node in ast.walk(tree) for root in _silent_in(node)]
    return {id(each) for root in roots for each in ast.walk(root)}


def _silent_in(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation:
        yield node.annotation
    elif isinstance(node, ast.FunctionDef) and node.returns:
        yield node.returns
    elif isinstance(node, ast.keyword) and node.arg in _GUARDS:
        yield node.value
    elif isinstance(node, ast.Expr | ast.If) and _is_silent(node):
        yield node


def _is_silent(node: ast.Expr | ast.If) -> bool:
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "TYPE_CHECKING"
    return isinstance(node.value, ast.Constant)


def _with(tree: ast.Module, number: int, change: Change) -> str:
    """Give the source of a tree in which one node is changed."""
    other = copy.deepcopy(tree)
    nodes = [node for node in ast.walk(other) if not isinstance(node, ast.Module)]
    target = nodes[number]

    class Swap(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> ast.AST:
            return change(node) if node is target else self.generic_visit(node)

    return ast.unparse(ast.fix_missing_locations(Swap().visit(other)))


def _changes(node: ast.AST) -> Iterator[tuple[str, Change]]:
    shown = ast.unparse(node) if isinstance(node, ast.expr | ast.stmt) else ""
    for what, change in _ways(node):
        yield f"{shown.splitlines()[0][:60] if shown else ''}  =>  {what}", change


def _ways(node: ast.AST) -> Iterator[tuple[str, Change]]:
    for kind, ways in _WAYS.items():
        if isinstance(node, kind):
            yield from ways(node)


def _comparisons(node: ast.Compare) -> Iterator[tuple[str, Change]]:
    if len(node.ops) == 1:
        for operator in _COMPARED[type(node.ops[0])]:
            yield operator.__name__, _setting("ops", [operator()])


def _connections(node: ast.BoolOp) -> Iterator[tuple[str, Change]]:
    other = ast.Or if isinstance(node.op, ast.And) else ast.And
    yield other.__name__, _setting("op", other())


def _denials(node: ast.UnaryOp) -> Iterator[tuple[str, Change]]:
    if isinstance(node.op, ast.Not):
        yield "without not", lambda found: found.operand  # type: ignore[attr-defined]


def _computations(node: ast.BinOp) -> Iterator[tuple[str, Change]]:
    if type(node.op) in _COMPUTED:
        computed = _COMPUTED[type(node.op)]
        yield computed.__name__, _setting("op", computed())


def _conditions(_: ast.AST) -> Iterator[tuple[str, Change]]:
    yield "the condition denied", _denied


def _results(node: ast.Return) -> Iterator[tuple[str, Change]]:
    if ast.unparse(node) not in _NOTHING:
        yield "nothing", _setting("value", ast.Constant(None))


def _statements(node: ast.AST) -> Iterator[tuple[str, Change]]:
    yields = isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield)
    if not yields:
        yield "left out", lambda _: ast.Pass()


def _constants(node: ast.Constant) -> Iterator[tuple[str, Change]]:
    if isinstance(node.value, bool):
        yield str(not node.value), _setting("value", not node.value)
    elif isinstance(node.value, int):
        yield str(node.value + 1), _setting("value", node.value + 1)


def _calls(node: ast.Call) -> Iterator[tuple[str, Change]]:
    called = node.func
    name = called.attr if isinstance(called, ast.Attribute) else None
    name = called.id if isinstance(called, ast.Name) else name
    if name in _NAMED:
        field = "attr" if isinstance(called, ast.Attribute) else "id"
        swapped = _setting(field, _NAMED[name])
        yield _NAMED[name], lambda found: _setting("func", swapped(found.func))(found)  # type: ignore[attr-defined]


def _setting(name: str, value: object) -> Change:
    def change(node: ast.AST) -> ast.AST:
        changed = copy.copy(node)
        setattr(changed, name, value)
        return changed

    return change


def _denied(node: ast.AST) -> ast.AST:
    denied = ast.UnaryOp(ast.Not(), node.test)  # type: ignore[attr-defined]
    return _setting("test", denied)(node)


_WAYS: dict[type[ast.AST], Callable[..., Iterator[tuple[str, Change]]]] = {
    ast.Compare: _comparisons,
    ast.BoolOp: _connections,
    ast.UnaryOp: _denials,
    ast.BinOp: _computations,
    ast.If: _conditions,
    ast.IfExp: _conditions,
    ast.Constant: _constants,
    ast.Call: _calls,
    ast.Return: _results,
    ast.AugAssign: _statements,
    ast.Expr: _statements,
    ast.Raise: _statements,
    ast.Continue: _statements,
}
