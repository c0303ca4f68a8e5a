"""The page "From your export to a plan" is what happens."""

import re
import shlex
from pathlib import Path

import pytest

from ctsync.cli.app import run

PAGE = Path(__file__).parents[1] / "specs" / "exports.md"


def block(name):
    """The text of a block that the page marks with a comment."""
    text = PAGE.read_text(encoding="utf-8")
    return re.search(rf"<!-- {name} -->\n```\w+\n(.*?)```", text, re.DOTALL)[1]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "crm.csv").write_bytes(block("export").encode("cp1252"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def commands():
    lines = block("commands").splitlines()
    return [shlex.split(line.removeprefix("$ ctsync ")) for line in lines]


def test_an_export_becomes_a_plan_as_the_page_says(folder, capsys, monkeypatch):
    monkeypatch.delenv("CI", raising=False)  # nothing is revealed there
    for words in commands():
        assert run(words) == 0, capsys.readouterr()
    table = folder / "people" / "crm.yaml"
    assert table.read_text(encoding="utf-8") == block("table")
    assert capsys.readouterr().out.endswith(block("says"))
    with table.open("a", encoding="utf-8") as file:
        file.write(block("add"))
    assert run(["plan", "--all", "--reveal"]) == 0
    assert "+919876543212" in capsys.readouterr().out


@pytest.mark.parametrize(
    "line",
    re.findall(r"^\| (?:`.*?`|.*?) \| `(.*)` \|$", PAGE.read_text(), re.MULTILINE),
)
def test_every_way_to_read_a_cell_is_yaml(line):
    import yaml

    assert yaml.safe_load(line)
