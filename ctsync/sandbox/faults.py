"""The faults a call may meet, one small entry each.

Unless an entry says otherwise the records are applied: what a client must survive is
above all not to know.
"""

from collections.abc import Callable, Mapping

from msgspec import Struct

from ctsync.sandbox import distortions
from ctsync.sandbox.answers import Answer, Delivery, Reply
from ctsync.sandbox.distortions import FaultSettings
from ctsync.sandbox.validation import BAD_PHONE, SERVER_SIDE, Refusal


class Fault(Struct, frozen=True):
    """One way to misbehave.

    `refusal` is imposed on a random record, or on all; `late` waits before applying;
    `alter` rewrites the answer, `reply` the response that carries it.
    """

    about: str
    applies: bool = True
    refusal: Refusal | None = None
    refuses_all: bool = False
    drops_attribute: bool = False
    late: bool = False
    alter: Callable[[Answer], Answer] = distortions.same_answer
    reply: Callable[[Reply, FaultSettings], Reply] = distortions.same_reply


DOCUMENTED = Fault("answers as documented: no fault")

TABLE: Mapping[str, Fault] = {
    "none": DOCUMENTED,
    "lost": Fault(
        "applies the call, then cuts the connection without a reply",
        reply=distortions.delivered(Delivery.CUT),
    ),
    "dropped": Fault(
        "cuts the connection without applying anything",
        applies=False,
        reply=distortions.delivered(Delivery.CUT),
    ),
    "reset-body": Fault(
        "applies the call, then resets the connection in the middle of the reply",
        reply=distortions.delivered(Delivery.HALF),
    ),
    "slow": Fault(
        "applies the call, then waits before it replies", reply=distortions.slow
    ),
    "late": Fault("waits, then applies the call, whoever still listens", late=True),
    "hang": Fault(
        "applies the call, then never replies",
        reply=distortions.delivered(Delivery.HANG),
    ),
    "throttle": Fault(
        "429 without Retry-After, nothing applied",
        applies=False,
        reply=distortions.replaced(distortions.TOO_MANY_CALLS),
    ),
    "throttle-retry-after": Fault(
        "429 with Retry-After, nothing applied",
        applies=False,
        reply=distortions.throttle_retry_after,
    ),
    "unavailable": Fault(
        "503, nothing applied",
        applies=False,
        reply=distortions.replaced(distortions.UNAVAILABLE),
    ),
    "unavailable-applied": Fault(
        "503 although the call was applied",
        reply=distortions.replaced(distortions.UNAVAILABLE),
    ),
    "error500": Fault(
        "500, nothing applied",
        applies=False,
        reply=distortions.replaced(distortions.SERVER_ERROR),
    ),
    "error500-applied": Fault(
        "500 although the call was applied",
        reply=distortions.replaced(distortions.SERVER_ERROR),
    ),
    "too-large": Fault(
        "413 with an HTML body, nothing applied",
        applies=False,
        reply=distortions.replaced(distortions.TOO_LARGE),
    ),
    "malformed": Fault(
        "400 Malformed request for a well-formed call, nothing applied",
        applies=False,
        reply=distortions.replaced(distortions.MALFORMED),
    ),
    "unauthorised": Fault(
        "401 Invalid Credentials, nothing applied",
        applies=False,
        reply=distortions.replaced(distortions.BAD_PASSCODE),
    ),
    "forbidden": Fault(
        "403, nothing applied",
        applies=False,
        reply=distortions.replaced(distortions.FORBIDDEN),
    ),
    "redirect": Fault(
        "302 to another address, nothing applied",
        applies=False,
        reply=distortions.redirect,
    ),
    "html": Fault(
        "200 with an HTML body, although the call was applied",
        reply=distortions.replaced(distortions.HTML),
    ),
    "empty": Fault(
        "200 with an empty body, although the call was applied",
        reply=distortions.replaced(Reply(200)),
    ),
    "truncated": Fault("200 with the JSON cut short", reply=distortions.truncate),
    "wrong-type": Fault(
        "the usual JSON, called text/plain", reply=distortions.plain_text
    ),
    "endless": Fault(
        "200 with a body without end", reply=distortions.delivered(Delivery.ENDLESS)
    ),
    "gzip-bomb": Fault(
        "200 with half a megabyte that unpacks to half a gigabyte",
        reply=distortions.gzip_bomb,
    ),
    "miscount": Fault("counts that do not add up", alter=distortions.miscount),
    "denied": Fault(
        "names the first record as skipped although it was applied and counted",
        alter=distortions.deny,
    ),
    "reject": Fault("refuses one random record with code 516", refusal=BAD_PHONE),
    "code555": Fault("refuses one random record with code 555", refusal=SERVER_SIDE),
    "unnumbered": Fault(
        "refuses one random record without saying its number",
        refusal=BAD_PHONE,
        alter=distortions.each_item(distortions.unnumbered),
    ),
    "text-record": Fault(
        "refuses one random record and repeats it as JSON text",
        refusal=BAD_PHONE,
        alter=distortions.each_item(distortions.text_record),
    ),
    "keyed-record": Fault(
        "refuses one random record in the shape {record as text: error}",
        refusal=BAD_PHONE,
        alter=distortions.each_item(distortions.keyed_record),
    ),
    "escapes": Fault(
        "refuses one random record with control characters in the error text",
        refusal=BAD_PHONE,
        alter=distortions.each_item(distortions.escapes),
    ),
    "lying-status": Fault(
        "status success although every record is refused",
        refusal=BAD_PHONE,
        refuses_all=True,
        alter=distortions.lie,
    ),
    "fail-empty": Fault(
        "fail, 0 processed, nothing unprocessed, nothing applied",
        applies=False,
        alter=distortions.fail_empty,
    ),
    "schema-drop": Fault(
        "drops one attribute of the call and says success", drops_attribute=True
    ),
}

FAULTS: Mapping[str, str] = {name: fault.about for name, fault in TABLE.items()}
