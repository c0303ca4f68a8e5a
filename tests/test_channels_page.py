"""The page on channels says what really happens."""

import re
import shlex
from pathlib import Path

import pytest

from ctsync.channels import CHANNELS
from ctsync.channels.part_files import MOST_SHAPES
from ctsync.cli.app import run
from ctsync.diagnostic_codes import channels
from ctsync.sandbox.dashboard.csv_upload import LIMIT_BYTES
from ctsync.sandbox.dashboard.date_cells import FORMS
from ctsync.sandbox.sftp.door import REPORTS
from ctsync.sandbox.sftp.import_report import REASON

PAGE = Path(__file__).parents[1] / "specs" / "channels.md"
TEXT = PAGE.read_text()


def body(mark):
    match = re.search(rf"<!-- {mark} -->\n```\w+\n(.*?)```", TEXT, re.DOTALL)
    assert match, mark
    return match[1]


@pytest.fixture
def said(tmp_path, monkeypatch, capsys):
    """Run the commands of the page, and return what each of them printed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ctsync.yaml").write_text(body("project"))
    found = []
    for line in body("commands").splitlines():
        program, *arguments = shlex.split(line.removeprefix("$ "))
        assert program == "ctsync"
        assert run(arguments) == 0
        found.append(capsys.readouterr().out)
    return found


def test_the_plan_and_the_export_are_as_the_page_shows_them(said):
    plan, export = said
    assert body("plan") in plan
    shown = re.sub(r"sftp-[0-9a-f]{12}-", "sftp-DIGEST-", export)
    assert body("export") in shown


def test_the_page_has_the_limits_of_the_code():
    limits = {name: channel.limit_bytes for name, channel in CHANNELS.items()}
    assert limits == {"csv": 50_000_000, "sftp": 5_000_000_000}
    assert limits["csv"] == LIMIT_BYTES
    assert "5 GB a file" in TEXT
    assert "50 MB a file" in TEXT
    assert f"The {MOST_SHAPES} sets of attributes" in TEXT


def test_the_page_names_what_the_sandbox_reports():
    assert f"last column `{REASON}`" in TEXT
    assert f"`{REPORTS}/`" in TEXT


def test_the_page_names_the_dates_that_the_sandbox_reads():
    timed = " HH:mm:ss"
    days = {form for form in FORMS if form + timed in FORMS}
    own = {form for form in FORMS if form.removesuffix(timed) not in days}
    for form in days | own:
        assert f"`{form}`" in TEXT or f"<{form}>" in TEXT
    assert len(FORMS) == 2 * len(days) + len(own)


@pytest.mark.parametrize("code", ["CT803", "CT806", "CT807", "CT808"])
def test_the_page_names_codes_that_there_are(code):
    assert code in TEXT
    assert code in channels.CODES
