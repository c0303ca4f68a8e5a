"""One thing that is wrong with a value or a name, before it has a place."""

from __future__ import annotations

from msgspec import Struct


class Fault(Struct, frozen=True):
    """One thing wrong with a value.

    `{value}` in message and hint stands for `value`, so that whoever shows the fault
    can mask it.
    """

    code: str
    message: str
    hint: str | None = None
    value: str | None = None

    def say(self, *, shown: str | None = None) -> tuple[str, str | None]:
        """Return message and hint with the value, or `shown` in its stead."""
        value = self.value if shown is None else shown
        hint = self.hint
        if hint is not None and not (shown is None and value):
            # A spelling that cannot be shown is still told: write it with quotes.
            hint = hint.replace('"{value}"', "it").replace("{value}", "it")
        elif hint is not None:
            hint = hint.replace("{value}", value or "")
        return self.message.replace("{value}", value or ""), hint
