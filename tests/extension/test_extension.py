"""An installed package adds a member with one file, and nothing else is touched."""

import pytest

KIND = '''
"""Text in one letter case, so that spellings never differ."""

from msgspec.structs import replace

from ctsync.kinds.string import StringKind


class TagKind(StringKind):
    """Lower-case text."""

    name = "tag"

    def normalize(self, raw, rule, frame):
        target = super().normalize(raw, rule, frame)
        if isinstance(target.value, str):
            return replace(target, value=target.value.lower())
        return target

    def is_unchanged(self, raw, held, rule, frame):
        return super().is_unchanged(raw, held, rule, frame) and held == held.lower()


KIND = TagKind()
'''

RENDERER = '''
"""One line an operation."""


class Lines:
    name = "lines"

    def render(self, view, style):
        for line in view.lines():
            for operation in line.change().operations:
                yield f"{operation.attribute}: {operation.operator}\\n"


RENDERER = Lines()
'''

COMMAND = '''
import click


@click.command("greet")
@click.pass_obj
def COMMAND(settings):
    """Say hello."""
    click.echo("hello from outside")
    return 0
'''


CHANNEL = '''
"""Keys alone, in capitals."""

from ctsync.channels.dashboard import DashboardChannel


class Shouting(DashboardChannel):
    name = "loud"
    title = "the loud door"

    def cell(self, column):
        return str.upper


CHANNEL = Shouting
'''


def test_a_kind_of_one_file_is_under_every_law(installed):
    installed.add("kinds", "tag", "KIND", KIND)
    tried = installed.run(
        "pytest", "-q", "-p", "no:cacheprovider", "-k", "tag", "tests/laws/test_laws.py"
    )
    assert tried.returncode == 0, tried.stdout[-3_000:]
    assert " passed" in tried.stdout


def test_a_kind_of_one_file_may_stand_in_a_catalog(installed, tmp_path):
    installed.add("kinds", "tag", "KIND", KIND)
    (tmp_path / "ctsync.yaml").write_text(
        "version: 1\n"
        "account: {id: A-1, region: in1}\n"
        "state: state.jsonl\n"
        "catalog: {Team: {type: tag}}\n"
        "profiles: [{identity: u1, attributes: {Team: RED}}]\n"
    )
    planned = installed.run("ctsync", "plan", "--format", "json", cwd=tmp_path)
    assert planned.returncode == 0, planned.stderr
    assert '"operand":"red"' in planned.stdout.replace(" ", "")


def test_a_renderer_of_one_file_is_a_format(installed):
    installed.add("renderers", "lines", "RENDERER", RENDERER)
    shown = installed.run("ctsync", "plan", "specs", "--sandbox", "--format", "lines")
    assert shown.returncode == 0, shown.stderr
    assert "Plan: set\n" in shown.stdout


def test_a_channel_of_one_file_is_one_that_export_knows(installed, tmp_path):
    installed.add("channels", "loud", "CHANNEL", CHANNEL)
    (tmp_path / "ctsync.yaml").write_text(
        "version: 1\n"
        "account: {id: A-1, region: in1}\n"
        "state: state.jsonl\n"
        "profiles: [{identity: u1, attributes: {Team: red}}]\n"
    )
    installed.run("ctsync", "plan", "--out", "p", cwd=tmp_path)
    words = ("ctsync", "export", "p", "--out", "files", "--channel")
    said = installed.run(*words, "loud", cwd=tmp_path)
    assert "By the loud door: 1 operation on 1 profile" in said.stdout
    (file,) = (tmp_path / "files").iterdir()
    assert file.read_text() == '"identity","Team"\n"u1","RED"\n'
    refused = installed.run(*words, "quiet", cwd=tmp_path)
    assert refused.returncode == 64
    assert 'no channel "quiet"; there are csv, sftp, loud' in refused.stderr


def test_a_command_of_one_file_is_offered(installed):
    installed.add("commands", "greet", "COMMAND", COMMAND)
    assert "Say hello." in installed.run("ctsync", "--help").stdout
    assert installed.run("ctsync", "greet").stdout == "hello from outside\n"


@pytest.mark.parametrize(
    ("group", "constant", "code"),
    [("kinds", "KIND", KIND.replace('"tag"', '"list"'))],
)
def test_a_name_that_is_taken_is_refused(installed, group, constant, code):
    installed.add(group, "taken", constant, code)
    refused = installed.run("ctsync", "plan", "specs", "--sandbox")
    assert refused.returncode == 1
    assert 'two kinds are named "list"' in refused.stderr
    assert "Traceback" not in refused.stderr
