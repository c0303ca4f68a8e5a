"""Where a project points: account, endpoint and state, and what may not stand there."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct
from msgspec.structs import replace

from ctsync.diagnostics import Diagnostic
from ctsync.model.snapshot import REGIONS, Account
from ctsync.project.environment_variables import Reference, refused

PASSCODE = "${CLEVERTAP_PASSCODE}"


class AccountText(Struct, frozen=True):
    """`account:` as written; variables are read where they are first used."""

    id: Reference
    region: Reference
    endpoint: Reference | None
    passcode: Reference

    def resolve(self, variables: Mapping[str, str]) -> Account:
        """Return the account.

        Raises:
            SpecError: a variable is not set, or what it gives cannot be used.
        """
        written = (self.id, self.region, self.endpoint)
        unset = [f for text in written if text for f in text.unset(variables)]
        if unset:
            raise refused(*unset)
        region = self.region_name(variables)
        endpoint = None
        if self.endpoint is not None:
            endpoint = self.endpoint.resolve(variables)
            fault = endpoint_fault(endpoint, self.endpoint)
            if fault is not None:
                raise refused(fault)
        return self.shown_of(Account(self.id.resolve(variables), region, endpoint))

    def shown_of(self, account: Account) -> Account:
        """Return an account with what people see in place of what variables gave."""
        return replace(
            account,
            shown_id=self.id.text if self.id.names else None,
            shown_endpoint=_shown(account.endpoint, self.endpoint),
        )

    def region_name(self, variables: Mapping[str, str]) -> str:
        """Return the region.

        Raises:
            SpecError: a variable is not set, or there is no such region.
        """
        region = self.region.resolve(variables)
        if region in REGIONS:
            return region
        message = f"{self.region.text} gives no known region"
        hint = f"one of {', '.join(REGIONS)}"
        raise refused(self.region.finding("CT101", message, hint))

    def secret(self, variables: Mapping[str, str]) -> str:
        """Return the passcode.

        Raises:
            SpecError: its variable is not set, or it stands in the file itself.
        """
        fault = passcode_fault(self.passcode)
        if fault is not None:
            raise refused(fault)
        return self.passcode.resolve(variables)


def _shown(address: str | None, written: Reference | None) -> str | None:
    """Return what people see of an address in which a variable took part."""
    if address is None or written is None or not written.names:
        return None
    return host_of(address)


def host_of(address: str, *, has_port: bool = True) -> str:
    """Return scheme, host and port of an address, and nothing that may be a secret.

    Of a state's address no port is told, as in the messages of its store.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "...", parts.port if has_port else None
    except ValueError:
        return "..."
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + ("" if port is None else f":{port}")


def passcode_fault(written: Reference) -> Diagnostic | None:
    """Return what is wrong with a passcode; what stands there is never shown."""
    if written.is_only_a_variable:
        return None
    hint = f"write {PASSCODE}, set that variable, and change the passcode"
    return written.finding("CT106", "the passcode stands here in clear", hint)


def endpoint_fault(endpoint: str, written: Reference) -> Diagnostic | None:
    """Return what is wrong with an endpoint; the address itself is never shown."""
    try:
        parts = urlsplit(endpoint)
        host, port, user = parts.hostname, parts.port, parts.username
    except ValueError:
        host, port, user = None, None, None
        parts = urlsplit("")
    if host is None or port == 0:
        message, hint = "the endpoint is no address", "write https://host[:port]"
    elif user is not None or parts.password is not None:
        message, hint = "the endpoint carries a user name", "leave out user:password@"
    elif parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)):
        return _with_query(parts.query + parts.fragment, written)
    else:
        message = "the endpoint is neither https nor this machine"
        hint = "the passcode travels only over https or to http://127.0.0.1"
    return written.finding("CT109", message, hint)


def _with_query(extra: str, written: Reference) -> Diagnostic | None:
    if not extra:
        return None
    return written.finding("CT109", "the endpoint carries a query", "leave out ? and #")


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class StateLocation(Struct, frozen=True):
    """Where the state lies: a path relative to the project, or an address.

    `name` is that of `{url, name}`. `shown` is what people see if a variable gave it.
    """

    location: str
    name: str | None = None
    shown: str | None = None

    @property
    def public(self) -> str:
        """The place as everybody may see it: of an address only where it leads to."""
        where = self.shown or self.location
        where = host_of(where, has_port=False) if "://" in where else where
        return where if self.name is None else f"{where}, {self.name}"


class StateText(Struct, frozen=True):
    """`state:` as written."""

    text: Reference
    name: Reference | None = None

    def resolve(self, variables: Mapping[str, str]) -> StateLocation:
        """Return the location.

        Raises:
            SpecError: a variable is not set.
        """
        text = self.text.resolve(variables)
        name = None if self.name is None else self.name.resolve(variables)
        shown = None
        if self.text.names:
            shown = host_of(text, has_port=False) if "://" in text else self.text.text
        return StateLocation(text, name, shown)

    def finding(self, message: str, hint: str | None) -> Diagnostic:
        """Return the finding that no store takes the location."""
        return self.text.finding("CT112", message, hint)


def state_secret_fault(written: Reference) -> Diagnostic | None:
    """Return what is wrong with a secret in a state's address; it is never shown."""
    blanked = written.with_each(_HIDDEN)
    try:
        parts = urlsplit(blanked)
        words = [parts.password or "", *_secret_options(parts.query)]
    except ValueError:
        return None  # it is no address, and is refused as such
    if not any(word.strip(_HIDDEN) for word in words):
        return None
    hint = "write postgresql://USER:${STATE_PASSWORD}@HOST/..., and change the password"
    return written.finding("CT106", "the state's password stands here in clear", hint)


_HIDDEN = "\ue000"  # stands for what a variable will give


def _secret_options(query: str) -> list[str]:
    return [value for name, value in parse_qsl(query) if name.endswith("password")]
