"""What a command works with: project, target, store, mask."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from ctsync.cli.global_options import GlobalOptions, data_roots_of, environment_of
from ctsync.cli.terminal.output import log_to_stderr
from ctsync.errors import CtsyncError, SpecError, UsageError
from ctsync.model.masking import Mask
from ctsync.model.sftp_door import SftpDoor
from ctsync.model.snapshot import Account, Header

if TYPE_CHECKING:
    from ctsync.project import Project
    from ctsync.sources.project_sources import ProjectSources
    from ctsync.state import Store

SANDBOX_ACCOUNT = "SANDBOX"
SANDBOX_PASSCODE = "sandbox"


class ProjectSession(Struct, frozen=True):
    """A project as one command sees it."""

    settings: GlobalOptions
    project: Project
    variables: Mapping[str, str]

    @property
    def account(self) -> Account:
        """Where calls go."""
        if self.settings.sandbox:
            return Account(SANDBOX_ACCOUNT, self.project.region, "sandbox")
        return self.project.account(self.variables)

    @property
    def host(self) -> str:
        """Host and port that calls go to, as they may be shown."""
        if self.settings.sandbox:
            return "the embedded sandbox"
        from ctsync.transport.http import base_url

        shown = self.account.shown
        if shown.endpoint is None:
            return host_of(base_url(shown))
        host = host_of(shown.endpoint)
        return shown.endpoint if host == "?" else host

    @property
    def sandbox_folder(self) -> Path:
        """Where the embedded platform keeps its data and state."""
        return self.project.root / ".ctsync" / "sandbox"

    def store(self) -> Store:
        """Return the store that holds the state."""
        from ctsync.state import open_store

        if self.settings.sandbox:
            return open_store("state.jsonl", folder=self.sandbox_folder)
        state = self.project.state(self.variables)
        try:
            place = self.project.root
            store = open_store(state.location, folder=place, name=state.name)
        except UsageError as error:
            raise _refused_state(self.project, error) from error
        if state.shown is not None:
            store.location = state.shown
        return store

    def beside(self, header: Header | None) -> ProjectSession:
        """Return the session with what a state remembers to be sensitive."""
        if header is None or not header.marks:
            return self
        return replace(self, project=self.project.tightened(header.marks))

    @property
    def talks_to(self) -> dict[str, str]:
        """The places that an apply talks to, by their sort, as they may be shown."""
        account = self.account.shown
        places = {"account": account.id, "region": account.region}
        if account.endpoint is not None:
            places["endpoint"] = account.endpoint
        if self.settings.sandbox:
            return {**places, "state": ".ctsync/sandbox/state.jsonl"}
        notify = self.project.shown_notify(self.variables)
        if notify is not None:
            places["notify"] = notify
        sftp = self.project.sftp_words
        if sftp is not None:
            places["sftp"] = sftp.shown(self.account, self.variables)
        return {**places, "state": self.project.state(self.variables).public}

    @property
    def sources(self) -> ProjectSources:
        """What all places of the project say."""
        from ctsync.sources.project_sources import ProjectSources

        return ProjectSources(self.project)

    def mask(self, lineage: str | None) -> Mask:
        """Return what the output hides."""
        return Mask(
            lineage,
            reveal=self.settings.reveal,
            all_identities=self.project.sensitive_identities,
            timezone=self.project.timezone,
        )

    @property
    def passcode_variable(self) -> str | None:
        """The variable that holds the passcode."""
        words = self.project.account_words
        if self.settings.sandbox or words is None:
            return None
        return next(iter(words.passcode.names), None)

    @property
    def notify_host(self) -> str | None:
        """The host that hears of an apply; as it is written where it is not known."""
        words = self.project.notify_words
        if self.settings.sandbox or words is None:
            return None
        for name in words.names:
            if name not in self.variables:
                return f"${{{name}}}"
        return host_of(words.resolve(self.variables))

    @property
    def import_door(self) -> str | None:
        """Where files of a plan are put, for its digest; None if nowhere."""
        words = self.project.sftp_words
        if self.settings.sandbox or words is None:
            return None
        return words.identity(self.account, self.variables)

    def sftp_door(self) -> SftpDoor | None:
        """Return where files for imports are put, None where nothing says so.

        Raises:
            SpecError: a variable is not set, or what it gives cannot be used.
        """
        if self.settings.sandbox:
            return None
        return self.project.sftp_door(self.account, self.variables)

    def passcode(self) -> str:
        """Return the secret; asked for only when a call is sent."""
        if self.settings.sandbox:
            return SANDBOX_PASSCODE
        return self.project.passcode(self.variables)


def open_session(
    settings: GlobalOptions,
    path: Path | None = None,
    drafts: Mapping[Path, str] = MappingProxyType({}),
) -> ProjectSession:
    """Load the project that a command is about, perhaps with specs yet to be written.

    Raises:
        UsageError: there is no project, or no such environment.
        SpecError: it has errors.
    """
    from ctsync.project import load_project

    check_reveal(settings)
    if settings.verbose:
        log_to_stderr(settings.verbose)
    project = load_project(
        settings.directory / (path or Path()),
        environment=environment_of(settings),
        variables=os.environ,
        data_roots=data_roots_of(settings),
        is_sandboxed=settings.sandbox,
        drafts=drafts,
    )
    if not settings.sandbox:
        _judge_state(project)
    # What was read stays until the end, so no collection has to look at it again.
    gc.freeze()
    return ProjectSession(settings, project, os.environ)


def _judge_state(project: Project) -> None:
    """Add what is wrong with the location of the state, where the spec says it all."""
    words = project.state_words
    if words is None or words.text.names or (words.name and words.name.names):
        return
    from ctsync.state import open_store

    state = words.resolve({})
    try:
        open_store(state.location, folder=project.root, name=state.name)
    except UsageError as error:
        project.findings.add(words.finding(error.message, error.hint))


def _refused_state(project: Project, error: UsageError) -> CtsyncError:
    words = project.state_words
    if words is None:
        return error
    found = words.finding(error.message, error.hint)
    return SpecError(f"{found.place}: {found.message}", [found])


def sensitivity(session: ProjectSession) -> Callable[[str], bool]:
    """Return what tells whether an attribute's values must not be shown."""
    return lambda name: session.project.rule_for(name).sensitive


def host_of(address: str) -> str:
    """Return host and port of an address, and nothing else of it."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "?"
    return f"{host}:{port}" if port else host or "?"


def check_reveal(settings: GlobalOptions) -> None:
    """Refuse to show personal data where logs are kept and shared.

    Raises:
        UsageError: `--reveal` where CI is set.
    """
    if settings.reveal and settings.format in {"markdown", "html"}:
        raise UsageError(
            f"--reveal is refused with --format {settings.format}: it is made to be "
            "kept and shared",
            hint="use --format text",
        )
    if settings.reveal and os.environ.get("CI"):
        raise UsageError(
            "--reveal is refused where CI is set: its logs are kept and shared",
            hint="run it on your own machine",
        )
