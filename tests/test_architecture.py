"""The tree is the architecture: imports go one way, packages have one home."""

import ast
import re
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from ctsync.project.project import Project
from ctsync.transport.upload_result import UploadResult

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "ctsync"

BOTTOM = {
    "alike_places",
    "arrow",
    "beside",
    "bucket_address",
    "canonical_json",
    "counted",
    "diagnostic_codes",
    "diagnostics",
    "discovery",
    "duckdb_connection",
    "errors",
    "gathered_runs",
    "limits",
    "object_client",
    "other_words",
    "output_file",
    "packed_values",
    "printable",
    "spark_session",
    "sql_text",
    "suggestions",
    "timezones",
    "whole_lines",
}
LAYERS = [
    {"cli"},
    {"apply", "observe", "render", "plan"},
    {"engines", "transport", "state", "sources", "channels"},
    {"project"},
    {"formats"},
    {"yaml"},
    {"kinds"},
    {"model"},
    {"files"},
    BOTTOM,
]
ALSO_ALLOWED = {
    ("apply", "plan"): {"ctsync.plan.document", "ctsync.plan.entries"},
    ("observe", "plan"): {"ctsync.plan.document", "ctsync.plan.entries"},
}
# The same within a room: a part imports of those after its own, and of what all share.
PARTS = {
    "plan": [
        {"among"},
        {"profile", "columns", "entries"},
        {"findings", "document"},
        {"policy"},
    ],
    "apply": [
        {"calls", "folding"},
        {"journal"},
        {"apply_settings", "clock", "gc_tuning"},
    ],
}
FORBIDDEN = {
    "engines": {"kinds", "project", "yaml", "formats"},
    "state": {"kinds", "project", "yaml", "formats"},
    "render": {
        "kinds",
        "project",
        "yaml",
        "formats",
        "engines",
        "transport",
        "state",
        "sources",
        "channels",
    },
    "apply": {"project", "yaml", "formats", "sources", "engines"},
    "transport": {"project", "yaml", "formats", "sources", "engines"},
    "channels": {"kinds", "project", "yaml", "formats"},
}
# msgspec has no home: values of every room are written in it, as in the language.
HOMES = {
    "yaml": "yaml",
    "jsonschema": "project",
    "jsonschema_rs": "project",
    "requests": "transport",
    "urllib3": "transport",
    "asyncssh": "transport",
    "wcwidth": "render",
    "filelock": "state",
    "isal": "state",
    "psycopg": "state",
    "obstore": "object_client",
    "deepdiff": "observe",
    "click": "cli",
    "rich": "cli",
    "jinja2": "render",
    "orjson": "canonical_json",
    "duckdb": "duckdb_connection",
    "pyarrow": "arrow",
    "py4j": "spark_session",
    "pyspark": "spark_session",
}
# The sandbox is written apart from the client: a server where that has a client.
SECOND_HOMES = {("sandbox", "asyncssh")}
HEAVY = {
    "asyncssh",
    "requests",
    "jsonschema",
    "deepdiff",
    "duckdb",
    "jinja2",
    "pyarrow",
    "pyspark",
    "psycopg",
    "obstore",
    "rich",
}
MAIN = {"__init__", "__main__"}
# Who imports by names that are made: members of rooms, and parts of their own room.
BY_NAMES = {"ctsync.discovery", "ctsync.project.__init__", "ctsync.sandbox.__init__"}
IMPORTERS = {"import_module", "__import__", "find_spec", "resolve_name"}
# Whose values are made anew by the `replace` of dataclasses, by who calls it. Given a
# Struct it raises, which no tool tells: msgspec has one of its own for these.
REPLACED = {
    "ctsync.plan.weigh_elsewhere": Project,
    "ctsync.project.project": Project,
    "ctsync.project.project_loader": Project,
    "ctsync.transport.reads": UploadResult,
}
A_MODULE = re.compile(r"ctsync(\.\w+)+")
A_PROJECT = "ctsync.yaml"  # the name of a file, though there is a room of that name


def _modules():
    return sorted(PACKAGE.rglob("*.py"))


def _room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def _imports(path: Path):
    """Yield imported module and whether the import stands at module level."""
    yield from _imports_of(ast.parse(path.read_text()))


def _imports_of(tree):
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    top = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [node.module]
        for name in names:
            yield name, id(node) in top, id(node) in typing_only


def _level(room: str) -> int | None:
    for level, rooms in enumerate(LAYERS):
        if room in rooms:
            return level
    return None


def _is_allowed(room: str, module: str) -> bool:
    target = _room(module)
    if target == room or target in MAIN or room in MAIN:
        return True
    if ".".join(module.split(".")[:3]) in ALSO_ALLOWED.get((room, target), set()):
        return True
    if target in FORBIDDEN.get(room, set()) or room == "sandbox":
        return False
    if target == "sandbox":
        return room == "cli"
    return _is_above(room, target)


def _is_above(room: str, target: str) -> bool:
    here, there = _level(room), _level(target)
    assert here is not None, f"{room} has no place in the layers"
    assert there is not None, f"{target} has no place in the layers"
    return here < there or (room in BOTTOM and target in BOTTOM)


def _is_module(text: str) -> bool:
    """Whether a text names a module or package that there is."""
    if text == A_PROJECT or not A_MODULE.fullmatch(text):
        return False
    place = ROOT.joinpath(*text.split("."))
    return (place / "__init__.py").is_file() or place.with_suffix(".py").is_file()


def _named(tree):
    """Yield modules of ours that stand as text: who has a name can import by it."""
    for node in ast.walk(tree):
        value = node.value if isinstance(node, ast.Constant) else None
        if isinstance(value, str) and _is_module(value):
            yield value


def _wrong_in(room: str, source: str):
    """Give the modules that a source of a room may not import, by statement or name."""
    tree = ast.parse(source)
    imported = [m for m, _, _ in _imports_of(tree) if m.split(".")[0] == "ctsync"]
    return [m for m in (*imported, *_named(tree)) if not _is_allowed(room, m)]


@pytest.mark.parametrize("path", _modules(), ids=_name)
def test_imports_go_one_way(path):
    assert _wrong_in(_room(_name(path)), path.read_text()) == []


def _wrong_part(room: str, part: str, module: str) -> bool:
    """Whether a part of a room may not import a module, which is of the same room."""
    levels = {name: at for at, names in enumerate(PARTS[room]) for name in names}
    there = module.split(".")[1:3]
    if there[:1] != [room] or there == [room, part]:
        return False
    return levels.get(there[-1], -1) <= levels[part]


@pytest.mark.parametrize("path", _modules(), ids=_name)
def test_imports_of_parts_go_one_way_too(path):
    _, *rooms = _name(path.parent / "any").split(".")[:-1]
    if len(rooms) > 1 and rooms[0] in PARTS:
        room, part = rooms
        assert [m for m, *_ in _imports(path) if _wrong_part(room, part, m)] == []


def test_every_part_of_a_room_has_its_place():
    for room, levels in PARTS.items():
        folders = {path.parent.name for path in (PACKAGE / room).glob("*/__init__.py")}
        modules = {path.stem for path in (PACKAGE / room).glob("*.py")}
        named = set().union(*levels)
        assert folders <= named <= folders | modules


def test_an_import_between_parts_is_seen():
    assert _wrong_part("plan", "profile", "ctsync.plan.among.similar_keys")
    assert _wrong_part("plan", "profile", "ctsync.plan.planner")
    assert _wrong_part("plan", "columns", "ctsync.plan.entries")
    assert not _wrong_part("plan", "profile", "ctsync.plan.document.schedule")
    assert not _wrong_part("apply", "calls", "ctsync.apply.clock")
    assert not _wrong_part("apply", "calls", "ctsync.plan.document.batches")


@pytest.mark.parametrize(
    "source",
    [
        "import ctsync.sources",
        "from ctsync.sources.base import Source",
        "def f():\n    from ctsync.sources import base",
        "import importlib\nimportlib.import_module('ctsync.sources.base')",
        "ROOM = 'ctsync.sources'\ndiscover(ROOM, 'SOURCE')",
        "names_in('ctsync.sources')",
    ],
)
def test_an_import_is_seen_however_it_is_written(source):
    assert len(_wrong_in("project", source)) == 1
    assert _wrong_in("engines", source.replace("ctsync.sources", "ctsync.model")) == []


def test_the_name_of_a_file_is_no_import():
    assert _wrong_in("kinds", "PROJECT = 'ctsync.yaml'") == []


def _made_names(tree):
    """Yield calls that import what is not written there."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func).rpartition(".")[2]
            is_written = all(isinstance(each, ast.Constant) for each in node.args[:1])
            if called in IMPORTERS and not is_written:
                yield ast.unparse(node)


@pytest.mark.parametrize("path", _modules(), ids=_name)
def test_only_discovery_imports_by_names_that_it_makes(path):
    made = [*_made_names(ast.parse(path.read_text()))]
    assert made == [] or _name(path) in BY_NAMES


def test_a_name_that_is_made_is_seen():
    source = "import importlib\nimportlib.import_module(f'ctsync.{room}')\n"
    assert len([*_made_names(ast.parse(source))]) == 1


def _replaces_of_dataclasses(tree):
    """Yield the names that their `replace` goes by; having all of them is one way."""
    for node in ast.walk(tree):
        is_of_them = isinstance(node, ast.ImportFrom) and node.module == "dataclasses"
        wanted = {"replace", "*"} if is_of_them else {"dataclasses"}
        for each in getattr(node, "names", ()):
            if isinstance(each, ast.alias) and each.name in wanted:
                yield each.asname or each.name


def test_only_values_of_dataclasses_are_replaced_as_such():
    trees = {_name(path): ast.parse(path.read_text()) for path in _modules()}
    found = {name: {*_replaces_of_dataclasses(tree)} for name, tree in trees.items()}
    callers = {name: trees[name] for name, names in found.items() if names}
    assert callers.keys() == REPLACED.keys(), "use msgspec.structs.replace of a Struct"
    for name, tree in callers.items():
        assert found[name] == {"replace"}
        known = {each.name for each in fields(REPLACED[name])}
        assert {*_named_by(tree, "replace")} <= known


def _named_by(tree, called):
    """Yield the fields that calls of a function name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == called:
            yield from (keyword.arg for keyword in node.keywords)


@pytest.mark.parametrize(
    "source",
    [
        "from dataclasses import replace",
        "from dataclasses import dataclass, replace as changed",
        "def f():\n    from dataclasses import replace",
        "from dataclasses import *",
        "import dataclasses",
        "import dataclasses as d",
    ],
)
def test_who_replaces_values_is_seen_however_it_is_written(source):
    assert len([*_replaces_of_dataclasses(ast.parse(source))]) == 1
    other = source.replace("dataclasses", "msgspec.structs")
    assert [*_replaces_of_dataclasses(ast.parse(other))] == []


@pytest.mark.parametrize("path", _modules(), ids=_name)
def test_every_package_of_others_has_a_home(path):
    packages = {module.split(".")[0] for module, _, _ in _imports(path)}
    strangers = packages - {"ctsync", "msgspec", "__future__"} - sys.stdlib_module_names
    assert strangers <= HOMES.keys()


def test_every_home_has_somebody_in_it():
    used = {m.split(".")[0] for path in _modules() for m, _, _ in _imports(path)}
    assert used >= HOMES.keys()


def _asks_for_a_list(tree):
    """Yield comparisons of a kind with `list`: sets are known by their shape."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare):
            continue
        sides = [node.left, *node.comparators]
        named = any(isinstance(s, ast.Constant) and s.value == "list" for s in sides)
        about = " ".join(map(ast.unparse, sides))
        if named and re.search(r"\bkind\b|\.kind\b|kind\.name", about):
            yield ast.unparse(node)


@pytest.mark.parametrize("path", _modules(), ids=_name)
def test_outside_of_kinds_nobody_asks_for_a_list_by_name(path):
    if _room(_name(path)) != "kinds":
        assert [*_asks_for_a_list(ast.parse(path.read_text()))] == []


def test_a_question_for_a_list_is_seen():
    assert len([*_asks_for_a_list(ast.parse('if known.kind == "list": pass'))]) == 1


@pytest.mark.parametrize("path", _modules(), ids=_name)
def test_no_pattern_repeats_a_group_for_good(path):
    """Before Python 3.11.5 that may go on from the middle of what did not match."""
    texts = (
        each.value
        for each in ast.walk(ast.parse(path.read_text()))
        if isinstance(each, ast.Constant)
    )
    spelled = (t.decode("latin-1") if isinstance(t, bytes) else str(t) for t in texts)
    assert [text for text in spelled if re.search(r"\)[*+?]\+|\(\?>", text)] == []


@pytest.mark.parametrize("path", _modules(), ids=_name)
def test_each_package_has_one_home_and_heavy_ones_are_imported_where_used(path):
    room = _room(_name(path))
    for module, is_top, for_types in _imports(path):
        package = module.split(".")[0]
        home = HOMES.get(package)
        if (room, package) in SECOND_HOMES:
            continue
        assert home in (None, room), f"{package} lives in {home}"
        if package in HEAVY and not for_types:
            assert not is_top, f"{package} is imported where it is used"


@pytest.mark.parametrize("path", _modules(), ids=_name)
def test_nobody_wanders_into_a_drawer(path):
    assert path.stem not in {"utils", "helpers", "common", "misc", "manager"}


def test_the_top_level_holds_what_the_owner_fixed():
    names = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    generated = {"build", "dist", "ctsync.egg-info", "htmlcov"}
    assert names - generated == {
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "ctsync",
        "pyproject.toml",
        "specs",
        "tests",
    }
