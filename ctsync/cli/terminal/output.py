"""Printing: documents to standard output, talk to standard error."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterable

from ctsync.cli.global_options import GlobalOptions
from ctsync.cli.terminal.terminal_width import takes_colour
from ctsync.errors import CtsyncError, SpecError, UsageError
from ctsync.printable import escape


class OutputFailed(CtsyncError):
    """A standard stream takes no more."""

    code = "output"

    def __init__(self, error: OSError) -> None:
        why = error.strerror or str(error)
        super().__init__(f"output cannot be written: {why}")
        # What a reader that went away did not want to read is no trouble to tell of.
        self.is_quiet = error.errno == errno.EPIPE


def print_message(text: str) -> None:
    """Talk to whoever runs the command; nothing follows if nobody can hear it."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def log_to_stderr(verbosity: int) -> None:
    """Let ctsync's own loggers speak; other libraries stay silent."""
    import logging

    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
    logger = logging.getLogger("ctsync")
    # In the place of others: a process that runs several commands says each line once.
    logger.handlers = [handler]
    logger.setLevel(logging.DEBUG if verbosity > 1 else logging.INFO)


def print_document(chunks: Iterable[str], *, as_commands: bool = False) -> None:
    """Print a document; `as_commands` where its lines are meant for a runner.

    Raises:
        OutputFailed: it could not be written, or not all of it.
    """
    out = sys.stdout
    put = getattr(out, "write_commands", out.write) if as_commands else out.write
    for chunk in chunks:
        put(chunk)
        check(out)
    out.flush()
    check(out)


def check(out: object) -> None:
    """See that what was written to a stream has arrived.

    Raises:
        OutputFailed: it has not.
    """
    trouble = getattr(out, "trouble", None)
    if trouble is not None:
        raise OutputFailed(trouble)


def write_after(chunks: Iterable[str]) -> None:
    """Print what came of something that is done, which no failure here can undo."""
    try:
        print_document(chunks)
    except OutputFailed as error:
        print_error(error)


def has_colour(settings: GlobalOptions) -> bool:
    """Return whether standard output takes colours."""
    return takes_colour(settings, sys.stdout)


def require_format(settings: GlobalOptions, *formats: str) -> None:
    """Refuse a format that this command has no document in.

    Raises:
        UsageError: names those it has.
    """
    if settings.format not in formats:
        raise UsageError(
            f"{settings.command} has no --format {settings.format}",
            hint=f"it has {', '.join(formats)}",
        )


def show_error(settings: GlobalOptions, error: CtsyncError) -> int:
    """Print an error, in the format that was asked for; give its exit code."""
    from ctsync.render.diagnostics_text import annotations, findings_text

    _complete(settings, error)
    findings = error.findings if isinstance(error, SpecError) else None
    if settings.format in {"json", "jsonl"} and not isinstance(error, OutputFailed):
        write_after([_document(settings, error)])
        return error.exit_code
    if findings is not None and settings.format == "github":
        print_document(annotations(findings), as_commands=True)
    elif findings is not None:
        sys.stderr.write("".join(findings_text(findings)))
    if findings is None or not findings.has_errors:
        print_error(error)
    return error.exit_code


def _complete(settings: GlobalOptions, error: CtsyncError) -> None:
    """Give the commands that an error names the options that this one was given."""
    from ctsync.cli.terminal.next_command import completed, completed_finding

    if error.hint:
        error.hint = completed(settings, error.hint)
    if isinstance(error, SpecError):
        error.findings = error.findings.map(
            lambda each: completed_finding(settings, each)
        )


def print_error(error: CtsyncError) -> None:
    """Say what is wrong, and below it what to do; no terminal acts on it."""
    if isinstance(error, OutputFailed) and error.is_quiet:
        return
    hint = f"\n  {error.hint}" if error.hint else ""
    words = f"error: {error.message}{hint}"
    print_message("\n".join(escape(line) for line in words.split("\n")))


def _document(settings: GlobalOptions, error: CtsyncError) -> str:
    from ctsync.render.error_document import error_document

    findings = error.findings if isinstance(error, SpecError) else None
    name = settings.command.replace(" ", ".") or "ctsync"
    return error_document(
        f"ctsync.{name}/1",
        exit_code=error.exit_code,
        code=error.code,
        message=error.message,
        hint=error.hint,
        findings=findings,
    )
