"""The faults a call may meet, one small entry each.

Unless an entry says otherwise the records are applied: what a client must survive is
above all not to know.
"""

from collections.abc import Callable, Mapping

from msgspec import Struct

from ctsync.sandbox import fault_effects
from ctsync.sandbox.fault_effects import FaultSettings
from ctsync.sandbox.replies import Answer, Reply, ReplyDelivery
from ctsync.sandbox.validation import BAD_PHONE, SERVER_SIDE, Refusal


class SandboxFault(Struct, frozen=True):
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
    alter: Callable[[Answer], Answer] = fault_effects.same_answer
    reply: Callable[[Reply, FaultSettings], Reply] = fault_effects.same_reply


DOCUMENTED = SandboxFault("answers as documented: no fault")

TABLE: Mapping[str, SandboxFault] = {
    "none": DOCUMENTED,
    "lost": SandboxFault(
        "applies the call, then cuts the connection without a reply",
        reply=fault_effects.delivered(ReplyDelivery.CUT),
    ),
    "dropped": SandboxFault(
        "cuts the connection without applying anything",
        applies=False,
        reply=fault_effects.delivered(ReplyDelivery.CUT),
    ),
    "reset-body": SandboxFault(
        "applies the call, then resets the connection in the middle of the reply",
        reply=fault_effects.delivered(ReplyDelivery.HALF),
    ),
    "slow": SandboxFault(
        "applies the call, then waits before it replies", reply=fault_effects.slow
    ),
    "late": SandboxFault(
        "waits, then applies the call, whoever still listens", late=True
    ),
    "hang": SandboxFault(
        "applies the call, then never replies",
        reply=fault_effects.delivered(ReplyDelivery.HANG),
    ),
    "throttle": SandboxFault(
        "429 without Retry-After, nothing applied",
        applies=False,
        reply=fault_effects.replaced(fault_effects.TOO_MANY_CALLS),
    ),
    "throttle-retry-after": SandboxFault(
        "429 with Retry-After, nothing applied",
        applies=False,
        reply=fault_effects.throttle_retry_after,
    ),
    "unavailable": SandboxFault(
        "503, nothing applied",
        applies=False,
        reply=fault_effects.replaced(fault_effects.UNAVAILABLE),
    ),
    "unavailable-applied": SandboxFault(
        "503 although the call was applied",
        reply=fault_effects.replaced(fault_effects.UNAVAILABLE),
    ),
    "error500": SandboxFault(
        "500, nothing applied",
        applies=False,
        reply=fault_effects.replaced(fault_effects.SERVER_ERROR),
    ),
    "error500-applied": SandboxFault(
        "500 although the call was applied",
        reply=fault_effects.replaced(fault_effects.SERVER_ERROR),
    ),
    "too-large": SandboxFault(
        "413 with an HTML body, nothing applied",
        applies=False,
        reply=fault_effects.replaced(fault_effects.TOO_LARGE),
    ),
    "malformed": SandboxFault(
        "400 Malformed request for a well-formed call, nothing applied",
        applies=False,
        reply=fault_effects.replaced(fault_effects.MALFORMED),
    ),
    "unauthorised": SandboxFault(
        "401 Invalid Credentials, nothing applied",
        applies=False,
        reply=fault_effects.replaced(fault_effects.BAD_PASSCODE),
    ),
    "forbidden": SandboxFault(
        "403, nothing applied",
        applies=False,
        reply=fault_effects.replaced(fault_effects.FORBIDDEN),
    ),
    "redirect": SandboxFault(
        "302 to another address, nothing applied",
        applies=False,
        reply=fault_effects.redirect,
    ),
    "html": SandboxFault(
        "200 with an HTML body, although the call was applied",
        reply=fault_effects.replaced(fault_effects.HTML),
    ),
    "empty": SandboxFault(
        "200 with an empty body, although the call was applied",
        reply=fault_effects.replaced(Reply(200)),
    ),
    "truncated": SandboxFault(
        "200 with the JSON cut short", reply=fault_effects.truncate
    ),
    "wrong-type": SandboxFault(
        "the usual JSON, called text/plain", reply=fault_effects.plain_text
    ),
    "endless": SandboxFault(
        "200 with a body without end",
        reply=fault_effects.delivered(ReplyDelivery.ENDLESS),
    ),
    "gzip-bomb": SandboxFault(
        "200 with half a megabyte that unpacks to half a gigabyte",
        reply=fault_effects.gzip_bomb,
    ),
    "miscount": SandboxFault("counts that do not add up", alter=fault_effects.miscount),
    "denied": SandboxFault(
        "names the first record as skipped although it was applied and counted",
        alter=fault_effects.deny,
    ),
    "reject": SandboxFault(
        "refuses one random record with code 516", refusal=BAD_PHONE
    ),
    "code555": SandboxFault(
        "refuses one random record with code 555", refusal=SERVER_SIDE
    ),
    "unnumbered": SandboxFault(
        "refuses one random record without saying its number",
        refusal=BAD_PHONE,
        alter=fault_effects.each_item(fault_effects.unnumbered),
    ),
    "text-record": SandboxFault(
        "refuses one random record and repeats it as JSON text",
        refusal=BAD_PHONE,
        alter=fault_effects.each_item(fault_effects.text_record),
    ),
    "keyed-record": SandboxFault(
        "refuses one random record in the shape {record as text: error}",
        refusal=BAD_PHONE,
        alter=fault_effects.each_item(fault_effects.keyed_record),
    ),
    "escapes": SandboxFault(
        "refuses one random record with control characters in the error text",
        refusal=BAD_PHONE,
        alter=fault_effects.each_item(fault_effects.escapes),
    ),
    "lying-status": SandboxFault(
        "status success although every record is refused",
        refusal=BAD_PHONE,
        refuses_all=True,
        alter=fault_effects.reply_falsely,
    ),
    "fail-empty": SandboxFault(
        "fail, 0 processed, nothing unprocessed, nothing applied",
        applies=False,
        alter=fault_effects.fail_empty,
    ),
    "schema-drop": SandboxFault(
        "drops one attribute of the call and says success", drops_attribute=True
    ),
}

FAULTS: Mapping[str, str] = {name: fault.about for name, fault in TABLE.items()}
