"""The tree is the architecture: imports go one way, packages have one home."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "ctsync"

BOTTOM = {
    "canonical_json",
    "diagnostic_codes",
    "diagnostics",
    "discovery",
    "duckdb_connection",
    "errors",
    "limits",
    "output_file",
    "printable",
    "timezones",
    "sql_text",
}
LAYERS = [
    {"cli"},
    {"apply", "observe", "render", "plan"},
    {"engines", "transport", "state", "sources", "channels"},
    {"project"},
    {"yaml"},
    {"kinds"},
    {"model"},
    {"files"},
    BOTTOM,
]
ALSO_ALLOWED = {
    ("apply", "plan"): {
        f"ctsync.plan.{name}"
        for name in (
            "batches",
            "change_codec",
            "plan_file",
            "plan_header",
            "plan_writer",
            "schedule",
        )
    },
}
FORBIDDEN = {
    "engines": {"kinds", "project", "yaml"},
    "state": {"kinds", "project", "yaml"},
    "render": {
        "kinds",
        "project",
        "yaml",
        "engines",
        "transport",
        "state",
        "sources",
        "channels",
    },
    "apply": {"project", "yaml", "sources", "engines"},
    "transport": {"project", "yaml", "sources", "engines"},
    "channels": {"kinds", "project", "yaml"},
}
# msgspec has no home: values of every room are written in it, as in the language.
HOMES = {
    "yaml": "yaml",
    "jsonschema": "project",
    "jsonschema_rs": "project",
    "requests": "transport",
    "filelock": "state",
    "psycopg": "state",
    "obstore": "state",
    "deepdiff": "observe",
    "click": "cli",
    "rich": "cli",
    "jinja2": "render",
    "orjson": "canonical_json",
    "duckdb": "duckdb_connection",
}
HEAVY = {
    "requests",
    "jsonschema",
    "deepdiff",
    "duckdb",
    "jinja2",
    "pyarrow",
    "psycopg",
    "obstore",
    "rich",
}
MAIN = {"__init__", "__main__"}


def _modules():
    return sorted(PACKAGE.rglob("*.py"))


def _room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def _name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def _imports(path: Path):
    """Yield imported module and whether the import stands at module level."""
    tree = ast.parse(path.read_text())
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
    if module in ALSO_ALLOWED.get((room, target), set()):
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


@pytest.mark.parametrize("path", _modules(), ids=_name)
def test_imports_go_one_way(path):
    room = _room(_name(path))
    wrong = [
        module
        for module, _, _ in _imports(path)
        if module.split(".")[0] == "ctsync" and not _is_allowed(room, module)
    ]
    assert wrong == []


@pytest.mark.parametrize("path", _modules(), ids=_name)
def test_each_package_has_one_home_and_heavy_ones_are_imported_where_used(path):
    room = _room(_name(path))
    for module, is_top, for_types in _imports(path):
        package = module.split(".")[0]
        home = HOMES.get(package)
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
