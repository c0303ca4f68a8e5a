"""The language reference says everything that the code knows, and nothing else.

`PYTHONPATH=. python tests/test_docs.py` writes its generated parts anew.
"""

import json
import os
import re
import shlex
import sys
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import pytest
from msgspec.structs import asdict

from ctsync import errors
from ctsync.cli.app import build_app, run
from ctsync.diagnostic_codes import CODES
from ctsync.kinds import KINDS
from ctsync.kinds.system_attributes import SYSTEM
from ctsync.limits import PlatformLimits
from ctsync.model.operation import OPERATORS
from ctsync.model.policy import DEFAULT_LIMITS, LIMITS, UploadTerms
from ctsync.model.profile_key import ID_TYPES
from ctsync.model.selector_kinds import SELECTOR_KINDS as SELECTORS
from ctsync.model.snapshot import REGIONS
from ctsync.project import project_schema, spec_schema
from ctsync.project.schema.documents import REQUIRED
from ctsync.render.renderers import renderer_names

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "specs" / "README.md"
TEXT = REFERENCE.read_text()
README = (ROOT / "README.md").read_text()
GUIDE_FILE = ROOT / "specs" / "gitops.md"
GUIDE = GUIDE_FILE.read_text()
SECURITY_FILE = ROOT / "specs" / "security.md"
SECURITY = SECURITY_FILE.read_text()
REGENERATE = "out of date: run PYTHONPATH=. python tests/test_docs.py"
EXIT_CODES = ("0", "1", "2", "3", "4", "5", "6", "64", "130", "143")
MINIMAL = """\
version: 1
account: {id: A, region: in1}
state: state.jsonl
"""


# --- What the document holds


def section(title: str) -> str:
    match = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert match, f"there is no section {title}"
    return match[1]


def spans(text: str) -> set[str]:
    """Everything between backticks, outside fences."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return set(re.findall(r"`([^`\n]+)`", prose))


def rows(title: str) -> list[list[str]]:
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    return [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines]


def row_of(title: str, name: str) -> str:
    found = [row for row in rows(title) if f"`{name}`" in row[0]]
    assert len(found) == 1, f"{name} has {len(found)} rows in {title}"
    return "|".join(found[0])


def blocks(language: str) -> list[tuple[str, str]]:
    """Mark and body of each fence in a language."""
    fence = r"(?:^<!-- ([^\n]+?) -->\n)?^```(\w+)\n(.*?)^```$"
    found = re.findall(fence, TEXT, re.MULTILINE | re.DOTALL)
    return [(mark, body) for mark, lang, body in found if lang == language]


def body_marked(mark: str) -> str:
    (body,) = [b for lang in ("yaml", "text") for m, b in blocks(lang) if m == mark]
    return body


def data_files() -> Iterator[tuple[str, str]]:
    """Name and text of each file of rows that examples read."""
    for mark, body in blocks("csv"):
        yield mark.removeprefix("file "), body


# --- What the code knows


def key_paths(schema: dict, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Every key of the language, dotted; NAME is a name of the user's own."""
    if schema.get("title") in {"map of attributes", "map of groups", "environment"}:
        return
    items = [schema["items"]] if "items" in schema else []
    for part in (*schema.get("anyOf", ()), *items):
        yield from key_paths(part, path)
    inner = dict(schema.get("properties", {}))
    if isinstance(schema.get("additionalProperties"), dict):
        inner["NAME"] = schema["additionalProperties"]
    for name, part in inner.items():
        if not {"members", "key"} & {*path} or name not in ID_TYPES:
            yield ".".join((*path, name))
        yield from key_paths(part, (*path, name))


KEYS = sorted({*key_paths(project_schema()), *key_paths(spec_schema())})


def leaves(
    command: click.Command, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if not isinstance(command, click.Group):
        yield path, command
        return
    for name, child in sorted(command.commands.items()):
        yield from leaves(child, (*path, name))


APP = build_app()
GLOBALS = {option for each in APP.params for option in each.opts}
COMMANDS = dict(leaves(APP))


def own_options(command: click.Command) -> list[click.Option]:
    options = (each for each in command.params if isinstance(each, click.Option))
    return [each for each in options if not GLOBALS.issuperset(each.opts)]


def error_tree(
    root: type[errors.CtsyncError] = errors.CtsyncError,
) -> Iterator[type[errors.CtsyncError]]:
    yield root
    for child in root.__subclasses__():
        yield from error_tree(child)


def variables_read() -> set[str]:
    """Names of environment variables in the package's own text."""
    text = "".join(path.read_text() for path in (ROOT / "ctsync").rglob("*.py"))
    read = re.findall(r'environ(?:\.get\(|\[)"(\w+)"', text)
    account = project_schema()["properties"]["account"]["properties"]
    return {*read, *re.findall(r"\$\{(\w+)\}", str(account["passcode"]))}


# --- Generated parts


def codes_table() -> str:
    def cell(text: str) -> str:
        return re.sub(r"([<|*])", r"\\\1", text)

    head = "| code | what | why | what to do, or an example |\n|---|---|---|---|\n"
    return head + "".join(
        f"| {name} | {cell(code.title)}{_severity(code.severity)} "
        f"| {cell(code.meaning)} | {cell(code.hint)} |\n"
        for name, code in sorted(CODES.items())
    )


def _severity(severity: str) -> str:
    return "" if severity == "error" else f" ({severity})"


def commands_text() -> str:
    usages = [_usage(path, command) for path, command in COMMANDS.items()]
    everywhere = _wrapped("every command", map(_option_word, APP.params))
    return "```text\n" + "".join([*usages, everywhere]) + "```\n"


def _usage(path: tuple[str, ...], command: click.Command) -> str:
    context = click.Context(command)
    words = [
        each.make_metavar(context)
        for each in command.params
        if isinstance(each, click.Argument)
    ]
    words += map(_option_word, own_options(command))
    says = f"# {command.get_short_help_str(200)}"
    usage = _wrapped(" ".join(path), words)
    is_short = usage.count("\n") == 1 and len(usage) + len(says) <= 90
    return f"{usage[:-1]:<36}  {says}\n" if is_short else f"{usage}{'':14}{says}\n"


def _wrapped(start: str, words: Iterable[str]) -> str:
    lines = textwrap.wrap(
        " ".join(word.replace(" ", "\0") for word in words),
        width=90,
        initial_indent=f"{start:<13} ",
        subsequent_indent=f"{'':14}",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines or [start]).replace("\0", " ") + "\n"


_NOWHERE = click.Context(click.Command("docs"))


def _option_word(option: click.Parameter) -> str:
    name = option.opts[0]
    if not isinstance(option, click.Option) or option.is_flag or option.count:
        return f"[{name}]"
    choices = "|".join(getattr(option.type, "choices", ()))
    is_own = type(option) is not click.Option  # makes its metavar itself
    made = option.make_metavar(_NOWHERE) if is_own else option.type.name.upper()
    metavar = option.metavar or choices or made
    return f"[{name} {metavar}]" + ("..." if option.multiple else "")


GENERATED = {"codes": codes_table, "commands": commands_text}


def generated_part(name: str) -> str:
    match = re.search(
        rf"<!-- generated: {name} -->\n(.*?)<!-- end -->", TEXT, re.DOTALL
    )
    assert match, f"no part {name}"
    return match[1]


def rewrite() -> None:
    text = TEXT
    for name, generate in GENERATED.items():
        start, end = f"<!-- generated: {name} -->\n", "<!-- end -->"
        text = text.replace(
            start + generated_part(name) + end, start + generate() + end
        )
    REFERENCE.write_text(text)


@pytest.mark.parametrize("name", GENERATED)
def test_generated_parts_are_those_of_the_code(name):
    assert generated_part(name) == GENERATED[name](), REGENERATE


# --- Everything is there


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_documented(key):
    assert key in spans(TEXT)


def test_the_keys_are_those_that_the_parts_of_a_list_and_map_take_too():
    assert {"include", "exclude"} <= {
        word for span in spans(section("Owners")) for word in span.split()
    }
    assert {"catalog.NAME.type", "profiles.objectId", "cohorts.NAME.leave"} <= {*KEYS}


def test_no_key_is_documented_that_is_not_there():
    first = {"account", "upload", "platform", "policy", "profiles", "cohorts"}
    first.add("tables")
    dotted = {s for s in spans(TEXT) if re.fullmatch(r"(\w+\.)+\w+", s)}
    told = {s for s in dotted if s.split(".")[0] in first}
    assert told - {*KEYS} == set()


@pytest.mark.parametrize("key", REQUIRED)
def test_required_keys_are_said_to_be_required(key):
    (words,) = re.findall(r"Required: (.*?)\n\n", section("Project file"), re.DOTALL)
    assert f"`{key}`" in words


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *((f"upload.{n}", value) for n, value in asdict(UploadTerms()).items()),
        *((f"platform.{n}", value) for n, value in asdict(PlatformLimits()).items()),
    ],
)
def test_defaults_are_those_of_the_code(key, value):
    assert row_of("Project file", key).endswith(f" `{value:g}` ")


@pytest.mark.parametrize("name", LIMITS)
def test_every_limit_is_documented_with_its_default(name):
    row = row_of("Policy", f"policy.limits.{name}")
    assert row.endswith(f" `{DEFAULT_LIMITS[name]}` ")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_documented(kind):
    said = row_of("Catalog", "catalog.NAME.type")
    assert row_of("Kinds", kind)
    assert (f"`{kind}`" in said) == KINDS[kind].is_declarable


@pytest.mark.parametrize("name", SYSTEM)
def test_every_system_attribute_is_documented_with_its_rule(name):
    rule, row = SYSTEM[name], row_of("System attributes", name)
    assert f"| {rule.kind} |" in row
    assert ("sensitive" in row) == rule.sensitive
    for value in rule.enum:
        assert f"`{value}`" in row or f'`"{value}"`' in row


@pytest.mark.parametrize("name", REGIONS)
def test_every_region_is_documented(name):
    assert f"`{name}`" in row_of("Project file", "account.region")


@pytest.mark.parametrize("name", SELECTORS)
def test_every_selector_is_documented(name):
    assert name in spans(section("Commands"))


@pytest.mark.parametrize("name", renderer_names())
def test_every_format_is_documented(name):
    assert name == "text" or name in spans(TEXT) | {
        word for span in spans(TEXT) for word in span.split()
    }


@pytest.mark.parametrize("operator", OPERATORS)
def test_every_operator_is_documented(operator):
    assert operator in spans(section("What a plan does"))


@pytest.mark.parametrize("name", sorted(variables_read()))
def test_every_environment_variable_is_documented(name):
    assert row_of("Variables", name)


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_and_option_is_documented(path):
    told = generated_part("commands")
    assert re.search(rf"^{' '.join(path)} ", told, re.MULTILINE)
    options = [*own_options(COMMANDS[path]), *APP.params]
    missing = [o.opts[0] for o in options if f"[{o.opts[0]}" not in told]
    assert missing == []


@pytest.mark.parametrize("path", [(), *COMMANDS], ids=" ".join)
def test_help_begins_with_a_short_sentence_and_explains_every_option(path):
    command = COMMANDS.get(path, APP)
    assert re.match(r"[A-Z].*\.(\n\n|$)", command.help or "", re.DOTALL)
    assert path == () or not command.get_short_help_str(66).endswith("...")
    for option in command.params:
        if isinstance(option, click.Option):
            assert (option.help or "").endswith("."), option.name


@pytest.mark.parametrize("code", EXIT_CODES)
@pytest.mark.parametrize("text", [TEXT, README], ids=["reference", "readme"])
def test_every_exit_code_is_documented(code, text):
    part = re.search(r"^## Exit codes\n(.*?)(?=^## )", text, re.MULTILINE | re.DOTALL)
    assert part
    cells = [line.split("|")[1] for line in part[1].splitlines() if "|" in line]
    assert code in re.findall(r"\d+", " ".join(cells))


def test_errors_have_no_exit_code_beyond_those():
    codes = {str(error.exit_code) for error in error_tree()}
    assert codes <= {*EXIT_CODES}


@pytest.mark.parametrize("code", CODES)
def test_every_diagnostic_code_is_documented(code):
    assert f"| {code} |" in section("Diagnostic codes")


def test_no_code_is_mentioned_that_is_not_in_the_catalogue():
    assert {*re.findall(r"\bCT\d{3}\b", TEXT)} <= {*CODES}


# --- Examples are true


def findings_of(folder: Path, capsys) -> list[tuple[str, int, str]]:
    run(["-C", str(folder), "validate", "--format", "json"])
    said = json.loads(capsys.readouterr().out)
    found = said["diagnostics"]
    return sorted((f["file"], f["line"], f["code"]) for f in found)


def write_project(folder: Path, mark: str, body: str) -> str:
    """Give the file in which the example stands."""
    for data, text in data_files():
        (folder / data).parent.mkdir(exist_ok=True)
        (folder / data).write_text(text)
    name = "ctsync.yaml" if mark == "project" else "example.yaml"
    (folder / "ctsync.yaml").write_text(MINIMAL)
    (folder / name).write_text(body)
    return name


@pytest.fixture
def _own_environment(monkeypatch):
    for name in [n for n in os.environ if n.startswith("CTSYNC")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.mark.usefixtures("_own_environment")
@pytest.mark.parametrize(
    ("mark", "body"),
    blocks("yaml"),
    ids=[body.strip().splitlines()[0][:24] for _, body in blocks("yaml")],
)
def test_every_example_finds_exactly_what_it_says(mark, body, tmp_path, capsys):
    """A comment `# CT201` in an example promises that finding on that line."""
    assert mark in {"project", "spec", "applied", "planned", "rows"}
    file = write_project(tmp_path, mark, body)
    promised = [
        (file, number, code)
        for number, line in enumerate(body.splitlines(), 1)
        for code in re.findall(r"\bCT\d{3}\b", line.partition("#")[2])
    ]
    assert findings_of(tmp_path, capsys) == promised


@pytest.mark.usefixtures("_own_environment")
def test_the_example_of_a_plan_is_what_ctsync_prints(tmp_path, capsys):
    here = ["-C", str(tmp_path), "--sandbox"]
    write_project(tmp_path, "spec", body_marked("applied"))
    assert run([*here, "apply", "--auto-approve"]) == 0
    write_project(tmp_path, "spec", body_marked("planned"))
    capsys.readouterr()
    assert run([*here, "plan"]) == 0
    assert body_marked("plan") in capsys.readouterr().out


@pytest.mark.usefixtures("_own_environment")
def test_the_example_of_a_table_is_what_ctsync_prints(tmp_path, capsys):
    write_project(tmp_path, "spec", body_marked("rows"))
    assert run(["-C", str(tmp_path), "plan"]) == 0
    assert body_marked("plan of rows") in capsys.readouterr().out


def command_lines() -> list[str]:
    lines = f"{TEXT}\n{README}\n{GUIDE}".splitlines()
    told = [line[2:] for line in lines if line.startswith("$ ctsync")]
    return sorted({*told})


def told_in_passing() -> set[str]:
    """Commands in the sentences and tables of the guide."""
    joined = re.sub(r"(?<!\n)\n(?!\n)", " ", GUIDE)
    return {span for span in spans(joined) if span.startswith("ctsync ")}


@pytest.mark.parametrize("span", sorted(told_in_passing()))
def test_the_guide_tells_of_no_command_that_is_not_there(span):
    words = shlex.split(span)[1:]
    context = APP.make_context("ctsync", words, resilient_parsing=True)
    name, command, rest = APP.resolve_command(context, words)
    assert command is not None, name
    if isinstance(command, click.Group):
        assert rest[0] in command.commands


@pytest.mark.parametrize("line", command_lines())
def test_every_command_line_can_be_parsed(line, monkeypatch):
    for command in COMMANDS.values():
        monkeypatch.setattr(command, "callback", lambda **_: "parsed")
    words = shlex.split(line)[1:]
    assert APP.main(words, "ctsync", standalone_mode=False) == "parsed"


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (REFERENCE, TEXT),
        (ROOT / "README.md", README),
        (GUIDE_FILE, GUIDE),
        (SECURITY_FILE, SECURITY),
    ],
)
def test_links_lead_somewhere(file, text):
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    anchors = {
        "#" + re.sub(r"[^\w -]", "", t).lower().replace(" ", "-") for t in titles
    }
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("#"):
            assert target in anchors
        elif "://" not in target:
            assert (file.parent / target.partition("#")[0]).exists(), target


@pytest.mark.parametrize("text", [TEXT, GUIDE], ids=["reference", "guide"])
def test_every_section_is_in_the_table_of_contents(text):
    contents = text.split("\n## ")[0]
    for title in re.findall(r"^## (.+)$", text, re.MULTILINE):
        assert f"(#{title.lower().replace(' ', '-')})" in contents


def test_every_promise_of_security_names_tests_that_are_there():
    named = re.findall(r"`(tests/[\w/.]+)`", SECURITY)
    assert len(named) > 10
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_guide_stays_short():
    assert len(GUIDE.splitlines()) < 216


def test_the_reference_stays_short():
    generated = sum(len(generated_part(name).splitlines()) for name in GENERATED)
    assert len(TEXT.splitlines()) - generated <= 740


if __name__ == "__main__":
    rewrite()
    sys.exit(0)
