"""How faults distort an answer, or the reply that carries it: small functions.

An answer is the JSON before it is written, a reply is the HTTP response. Each function
here has one of the two shapes that the fault table asks for.
"""

import json
import re
from collections.abc import Callable
from functools import cache

from msgspec import Struct
from msgspec.structs import replace

from ctsync.sandbox.keys import Json
from ctsync.sandbox.replies import Answer, Reply, ReplyDelivery, failure


class FaultSettings(Struct, frozen=True):
    """The quantities that some faults need."""

    slow_seconds: float = 1.0
    retry_after_seconds: int = 1
    redirect_to: str = ""


def same_answer(answer: Answer) -> Answer:
    """Return the answer as documented."""
    return answer


def same_reply(reply: Reply, _settings: FaultSettings) -> Reply:
    """Return the reply as documented."""
    return reply


def delivered(delivery: ReplyDelivery) -> Callable[[Reply, FaultSettings], Reply]:
    """Deliver the usual reply in another way."""
    return lambda reply, _: replace(reply, delivery=delivery)


def replaced(reply: Reply) -> Callable[[Reply, FaultSettings], Reply]:
    """Send another reply in place of the usual one."""
    return lambda _original, _settings: reply


def slow(reply: Reply, settings: FaultSettings) -> Reply:
    """Hold the usual reply back."""
    return replace(reply, delay_seconds=settings.slow_seconds)


def throttle_retry_after(_reply: Reply, settings: FaultSettings) -> Reply:
    """Say too many calls, and when to come again."""
    header = ("Retry-After", str(settings.retry_after_seconds))
    return replace(TOO_MANY_CALLS, headers=(header,))


def redirect(_reply: Reply, settings: FaultSettings) -> Reply:
    """Point elsewhere."""
    return Reply(302, headers=(("Location", settings.redirect_to),))


def truncate(reply: Reply, _settings: FaultSettings) -> Reply:
    """Send half of the JSON as if it were all."""
    return replace(reply, body=reply.body[: len(reply.body) // 2])


def plain_text(reply: Reply, _settings: FaultSettings) -> Reply:
    """Call the JSON text."""
    return replace(reply, content_type="text/plain")


def gzip_bomb(reply: Reply, _settings: FaultSettings) -> Reply:
    """Send a body that grows a thousandfold when unpacked."""
    headers = (("Content-Encoding", "gzip"),)
    return replace(reply, body=_bomb(), headers=headers)


@cache
def _bomb() -> bytes:
    """Return half a megabyte that unpacks to half a gigabyte of blanks."""
    import gzip

    # Many small members are as large: one of megabytes takes longer to pack than an
    # impatient client waits, whose next call would then be called an overlap.
    return gzip.compress(b" " * (1024 * 1024), mtime=0) * 512


def miscount(answer: Answer) -> Answer:
    """Count one record too few, or one where there was none."""
    processed = answer["processed"]
    wrong = processed - 1 if isinstance(processed, int) and processed else 1
    return {**answer, "processed": wrong}


def deny(answer: Answer) -> Answer:
    """Name the first record as skipped, whatever became of it."""
    item: Json = {"status": "fail", "code": 516, "error": "Skipped record number : 1"}
    return {**answer, "unprocessed": [*_objects(answer["unprocessed"]), item]}


def each_item(alter: Callable[[dict[str, Json]], Json]) -> Callable[[Answer], Answer]:
    """Rewrite every refused record of an answer."""

    def alter_items(answer: Answer) -> Answer:
        found = answer["unprocessed"]
        altered = [alter(item) for item in _objects(found)]
        return {**answer, "unprocessed": [*altered]}

    return alter_items


def _objects(items: Json) -> list[dict[str, Json]]:
    return [i for i in items if isinstance(i, dict)] if isinstance(items, list) else []


def unnumbered(item: dict[str, Json]) -> Json:
    """Leave out which record was skipped."""
    return {**item, "error": re.sub(r" ?Skipped.*", "", str(item["error"]))}


def text_record(item: dict[str, Json]) -> Json:
    """Repeat the record as JSON text."""
    return {**item, "record": json.dumps(item["record"])}


def keyed_record(item: dict[str, Json]) -> Json:
    """Say only which record, as text, met which error."""
    return {json.dumps(item["record"]): item["error"]}


def escapes(item: dict[str, Json]) -> Json:
    """Put what a terminal would obey before the error text."""
    return {**item, "error": f"\x1b[2J\x1b]0;owned\x07\u202e\x00\r\n{item['error']}"}


def reply_falsely(answer: Answer) -> Answer:
    """Call it a success."""
    return {**answer, "status": "success"}


def fail_empty(_answer: Answer) -> Answer:
    """Fail without a word about any record."""
    return {"status": "fail", "processed": 0, "unprocessed": []}


# As documented for 429, as recorded for 400 and 401; the others are made up.
TOO_MANY_CALLS = failure(429, "Too many concurrent requests")
MALFORMED = failure(400, "Malformed request")
BAD_PASSCODE = failure(401, "Invalid Credentials")
UNAVAILABLE = failure(503, "Service Unavailable")
SERVER_ERROR = failure(500, "Internal Server Error")
FORBIDDEN = failure(403, "Forbidden")
TOO_LARGE = Reply(413, b"<h1>413 Request Entity Too Large</h1>", "text/html")
HTML = Reply(200, b"<!doctype html><title>Welcome</title>", "text/html")
