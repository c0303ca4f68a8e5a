"""What passes to the standard streams is inert, and trouble there hides nothing."""

import io
import os
import sys

import pytest

from ctsync.cli.terminal.output import OutputFailed, print_document
from ctsync.cli.terminal.streams import Stream, standard_streams


class Screen(io.StringIO):
    def isatty(self):
        return True


def passed(*texts, target=None):
    target = target or io.StringIO()
    stream = Stream(target, "utf-8")
    for text in texts:
        stream.write(text)
    stream.flush()
    return target.getvalue()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain: text, 10::20 and # [x]\n", "plain: text, 10::20 and # [x]\n"),
        ("naïve → 日本 €\n", "naïve → 日本 €\n"),
        ("a\x1b[2Jb\n", "a\\u001b[2Jb\n"),
        ("a\rb\x07\x9b\x7f\x00\n", "a\\u000db\\u0007\\u009b\\u007f\\u0000\n"),
        (
            "a\u202eb\u2066\u200b\ufeff\u2028\n",
            "a\\u202eb\\u2066\\u200b\\ufeff\\u2028\n",
        ),
        ("a\ud800b\U000e0041\n", "a\\ud800b\\udb40\\udc41\n"),
        ("\u3164\u115f\u034f\ufe0f\u2800\n", "\\u3164\\u115f\\u034f\\ufe0f\\u2800\n"),
        ("::error::x\n", "\\u003a:error:\\u003ax\n"),
        (" \t::error::x\n", " \\u0009:\\u003aerror:\\u003ax\n"),
        ("  ::1\n", "  \\u003a:1\n"),
        ("x ::add-mask::y\n", "x :\\u003aadd-mask:\\u003ay\n"),
        ("x ##[error]y ##vso[a]\n", "x #\\u0023[error]y #\\u0023vso[a]\n"),
        ("x ###[error]\n", "x ##\\u0023[error]\n"),
    ],
)
def test_what_would_be_obeyed_is_spelled_out(text, shown):
    assert passed(text) == shown
    assert passed(text.encode("utf-8", "surrogatepass")) in {shown, passed(text)} or (
        "\ud800" in text
    )


def test_it_makes_no_difference_how_a_line_is_cut_into_pieces():
    text = "x ::error::a ##[b]\n::warning::c\u202e\n"
    assert passed(*text) == passed(text)


def test_colours_pass_to_a_terminal_and_nothing_else_does():
    text = "\x1b[31mred\x1b[0m \x1b[8mhidden\x1b[2K\x1b]8;;x\x07\n"
    shown = "\x1b[31mred\x1b[0m \\u001b[8mhidden\\u001b[2K\\u001b]8;;x\\u0007\n"
    assert passed(text, target=Screen()) == shown
    assert "\x1b" not in passed(text)


def test_commands_to_a_runner_pass_where_they_are_meant_and_only_as_a_whole():
    target = io.StringIO()
    stream = Stream(target, "utf-8")
    stream.write_commands("::error file=a.yaml::bad ::set-env x::y ##[z]\nplain ::a\n")
    assert target.getvalue() == (
        "::error file=a.yaml::bad :\\u003aset-env x:\\u003ay #\\u0023[z]\n"
        "plain :\\u003aa\n"
    )


def test_a_command_that_is_none_of_ours_never_passes():
    target = io.StringIO()
    Stream(target, "utf-8").write_commands("::add-mask::x\n::stop-commands::y\n")
    assert not any(line.startswith("::") for line in target.getvalue().splitlines())


class Full(io.StringIO):
    def write(self, text):
        raise OSError(28, "No space left on device")


def test_a_stream_that_is_full_is_noted_and_never_raises(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Full())
    monkeypatch.setattr(sys, "stderr", Full())
    with standard_streams():
        sys.stderr.write("talk\n")
        with pytest.raises(OutputFailed, match="No space left"):
            print_document(["document\n"])
        sys.stdout.write("more\n")


@pytest.mark.parametrize("target", [None, "closed"])
def test_a_stream_that_is_closed_is_noted_and_never_raises(monkeypatch, target):
    if target == "closed":
        target = io.StringIO()
        target.close()
    monkeypatch.setattr(sys, "stdout", target)
    monkeypatch.setattr(sys, "stderr", target)
    with standard_streams():
        sys.stderr.write("talk\n")
        with pytest.raises(OutputFailed, match="closed"):
            print_document(["document\n"])


def test_a_document_is_utf_8_whatever_the_locale(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    with standard_streams():
        print_document(["Zoë → 日本\n"])
    assert raw.getvalue().decode() == "Zoë → 日本\n"


def test_talk_that_a_terminal_cannot_spell_is_spelled_out(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(raw, encoding="ascii"))
    with standard_streams():
        sys.stderr.write(f"Zoë{os.sep}\n")
    assert raw.getvalue() == b"Zo\\xeb/\n"


class Interrupted(io.RawIOBase):
    """A file in the middle of whose writing a signal comes, and its handler talks."""

    def __init__(self):
        self.taken, self.handler = b"", None

    def writable(self):
        return True

    def write(self, data):
        self.taken += bytes(data)
        handler, self.handler = self.handler, None
        if handler is not None:
            handler()
        return len(data)


@pytest.mark.parametrize("size", [1, 100_000])
def test_what_a_signal_says_in_the_middle_of_a_write_comes_after_it(size):
    file = Interrupted()
    stream = Stream(io.TextIOWrapper(io.BufferedWriter(file), "utf-8"), "utf-8")

    def handler():
        stream.write("stopping\n")
        stream.flush()

    file.handler = handler
    stream.write("x" * size + "\n")
    stream.flush()
    assert file.taken == b"x" * size + b"\nstopping\n"
    stream.write("on\n")
    stream.flush()
    assert file.taken.endswith(b"stopping\non\n")
