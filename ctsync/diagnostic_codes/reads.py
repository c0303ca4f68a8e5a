"""Codes of what reading the platform finds."""

from __future__ import annotations

from collections.abc import Mapping

from ctsync.diagnostic_codes.code import Code

CODES: Mapping[str, Code] = {
    "CT701": Code(
        "several identities share a profile",
        "The platform merged them: what is sent to one reaches all.",
        "See all_identities on the profile page; separating them is the Demerge call.",
        "warning",
    ),
    "CT702": Code(
        "no read for this id type",
        "The API finds profiles by identity and objectId only, so that FBID and GPID "
        "cannot be compared.",
        "Nothing to do; the profile is left out.",
        "warning",
    ),
    "CT703": Code(
        "read failed",
        "The platform gave no usable answer for this profile, after bounded retries.",
        "Run the command again.",
        "warning",
    ),
    "CT704": Code(
        "equal, but stored as something else",
        "A read shows the same value in another form: digits as a number, text without "
        "outer spaces. It counts as no drift.",
        "Add a letter or a dash where the digits matter.",
        "warning",
    ),
    "CT705": Code(
        "cannot be compared",
        "A read shows an object, or two attributes whose names fold to one.",
        "It is left alone; look at the profile page.",
        "warning",
    ),
    "CT706": Code(
        "Age beside DOB",
        "The platform works Age out from DOB, so that it moves on birthdays.",
        "Declare DOB alone.",
        "info",
    ),
    "CT707": Code(
        "sent, acknowledged, and on no profile",
        "No profile that was read has an attribute that all were sent: an account's "
        "schema can drop attributes although uploads are acknowledged.",
        "See the Error Stream of the dashboard, and the schema of the account.",
        "warning",
    ),
    "CT708": Code(
        "everybody is gone",
        "No profile that was read is there: this may be another account.",
        "See that id and region are those of the account.",
        "warning",
    ),
    "CT709": Code(
        "in a file of which the platform may still tell",
        "What was read is not what a file sends that was put: the import may be still "
        "to come, so the value stays as it is until the wait is over.",
        'Read again later, or give the reports to "ctsync receipts FILE".',
        "info",
    ),
}
