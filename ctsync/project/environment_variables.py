"""`${NAME}`: text of the project file that is completed where it is first used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ctsync.diagnostics import Diagnostic
from ctsync.errors import SpecError
from ctsync.model.contribution import Path
from ctsync.model.fault import Fault
from ctsync.project.source_positions import Place, SourcePositions

SECRETS = frozenset({"CLEVERTAP_PASSCODE", "CTSYNC_PLAN_KEY"})
VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def variables_in(text: str) -> tuple[str, ...]:
    """Return the variables that a text names."""
    return tuple(VARIABLE.findall(text))


def secrets_in(tree: object) -> frozenset[str]:
    """Return the variables of every `passcode` in a file, in whatever environment."""
    if not isinstance(tree, dict):
        return frozenset()
    inner = (secrets_in(node) for node in tree.values())
    written = tree.get("passcode")
    own = variables_in(written) if isinstance(written, str) else ()
    return frozenset(own).union(*inner)


@dataclass(frozen=True, slots=True)
class Reference:
    """Text that may hold `${NAME}`, and where it stands."""

    text: str = field(repr=False)  # may be a secret that stands where it must not
    file: str
    path: Path
    locator: SourcePositions = field(repr=False, compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The variables that it names."""
        return variables_in(self.text)

    @property
    def is_only_a_variable(self) -> bool:
        """Whether it is one variable and nothing else."""
        return VARIABLE.fullmatch(self.text) is not None

    @property
    def is_malformed(self) -> bool:
        """Whether a `${` in it names no variable."""
        return "${" in VARIABLE.sub("", self.text)

    def resolve(self, variables: Mapping[str, str]) -> str:
        """Return the text with every variable replaced by its value.

        Raises:
            SpecError: a variable is not set, or empty.
        """
        unset = [*self.misplaced(), *self.unset(variables)]
        if unset:
            raise refused(*unset)
        return VARIABLE.sub(lambda match: variables[match[1]], self.text)

    def misplaced(self, secrets: Iterable[str] = ()) -> list[Diagnostic]:
        """Return a finding for every variable that holds a secret of ctsync's own."""
        if self.path[-1] == "passcode":
            return []
        found = [name for name in self.names if name in SECRETS or name in secrets]
        hint = "name another one; what it holds would be sent away or shown"
        return [
            self.finding("CT113", f"{name} is a secret, and may not stand here", hint)
            for name in found
        ]

    def with_each(self, word: str) -> str:
        """Return the text with a word in the place of each variable."""
        return VARIABLE.sub(word, self.text)

    def unset(self, variables: Mapping[str, str]) -> list[Diagnostic]:
        """Return a finding for every variable that is not set, or empty."""
        missing = [name for name in self.names if not variables.get(name)]
        return [_unset(self, name, variables) for name in missing]

    def finding(self, code: str, message: str, hint: str | None) -> Diagnostic:
        """Return a finding that stands where the text stands."""
        place = Place(self.file, self.path)
        return self.locator.finding(place, Fault(code, message, hint))


def refused(*findings: Diagnostic) -> SpecError:
    """Return the error for text that cannot be used."""
    return SpecError("; ".join(finding.message for finding in findings), findings)


def _unset(reference: Reference, name: str, variables: Mapping[str, str]) -> Diagnostic:
    state = "empty" if name in variables else "not set"
    hint = f"set {name} in the environment of the command"
    return reference.finding("CT105", f"variable {name} is {state}", hint)
