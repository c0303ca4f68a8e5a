"""The platform's words: the JSON of its answers and the reply that carries them."""

import json
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import NamedTuple, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from ctsync.sandbox.keys import Json

Answer: TypeAlias = dict[str, Json]


class RefusedRecord(NamedTuple):
    """A refused record: its 0-based place in the call, and what is said about it."""

    place: int
    code: int
    text: str
    record: Json


class ReplyDelivery(Enum):
    """How a reply reaches the client, if it does."""

    WHOLE = "whole"
    CUT = "the connection closes before the first byte"
    HALF = "the connection is reset in the middle of the body"
    HANG = "nothing is sent until the client gives up"
    ENDLESS = "the body never ends"


class Reply(Struct, frozen=True):
    """One HTTP response, how it is delivered, and how long it is held back."""

    status: int
    body: bytes = b""
    content_type: str = "application/json;charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    delivery: ReplyDelivery = ReplyDelivery.WHOLE
    delay_seconds: float = 0.0
    stream: Iterator[bytes] | None = None


def build_answer(sent: int, refused: Sequence[RefusedRecord]) -> Answer:
    """Return the answer to an upload; HTTP is 200 whatever it says."""
    status = "fail" if refused and len(refused) == sent else "partial"
    return {
        "status": status if refused else "success",
        "processed": sent - len(refused),
        "unprocessed": [_item(each) for each in refused],
    }


def _item(refused: RefusedRecord) -> Json:
    return {
        "status": "fail",
        "code": refused.code,
        # Counted from 1 in the call, and in these words (recorded).
        "error": f"{refused.text}Skipped record number : {refused.place + 1}",
        "record": refused.record,
    }


def json_reply(answer: Json, status: int = 200) -> Reply:
    """Return a reply that carries a JSON value."""
    return Reply(status, json.dumps(answer).encode())


def failure(status: int, error: str) -> Reply:
    """Return the shape in which a whole call fails."""
    return json_reply({"status": "fail", "error": error, "code": status}, status)


def lines_reply(values: Iterator[Json]) -> Reply:
    """Return a reply that streams one JSON value a line."""
    lines = (json.dumps(value, ensure_ascii=False).encode() + b"\n" for value in values)
    return replace(Reply(200, content_type="application/x-ndjson"), stream=lines)
