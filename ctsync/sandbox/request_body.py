"""Reading the body of an upload as strictly as JSON is written."""

import json
from typing import NamedTuple, NoReturn

from ctsync.sandbox.keys import Json


class Payload(NamedTuple):
    """The records of a call, and the names that stood twice in one object."""

    records: list[Json]
    repeated: tuple[str, ...]


def read_payload(body: bytes) -> Payload | None:
    """Return the records of an upload, or None where the request is malformed."""
    repeated: list[str] = []

    def build(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        built = dict(pairs)
        if len(built) != len(pairs):
            names = [name for name, _ in pairs]
            repeated.extend(sorted({n for n in names if names.count(n) > 1}))
        return built

    try:
        text = body.decode()
        value = json.loads(text, object_pairs_hook=build, parse_constant=_refuse)
        if "\\ud" in text.lower():
            # Half a surrogate pair is no text that anybody could store.
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    records = value.get("d") if isinstance(value, dict) else None
    return Payload(records, tuple(repeated)) if isinstance(records, list) else None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
