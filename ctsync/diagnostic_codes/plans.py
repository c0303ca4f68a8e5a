"""Codes of what a plan finds."""

from __future__ import annotations

from collections.abc import Mapping

from ctsync.diagnostic_codes.code import Code

CODES: Mapping[str, Code] = {
    "CT401": Code(
        "locked value would change",
        "The catalog says write: locked, and the snapshot holds another value; the "
        "plan is blocked.",
        "Put the known value back, or change the catalog if the change is meant.",
        "warning",
    ),
    "CT402": Code(
        "cannot become a list",
        "The snapshot holds a number, boolean or date; only text can become a list.",
        "Choose another name for the list.",
    ),
    "CT403": Code(
        "left the spec and cannot be removed",
        "The policy says undeclared: remove, or a table missing: remove, and the "
        "upload API cannot remove it.",
        "It is released: forgotten here, kept on the platform. channels: {removals: "
        "sftp} has it deleted by SFTP import, where the profile has an identity.",
        "warning",
    ),
    "CT404": Code(
        "written once",
        "The catalog says write: once, and it was written; a later value is not sent.",
        "Nothing to do.",
        "info",
    ),
    "CT405": Code(
        "rejected, as allowed",
        "The platform rejected profiles, and no more than --allow-rejected allows.",
        "Correct the spec; the next plan has them again.",
        "warning",
    ),
    "CT406": Code(
        "limit lifted by a reviewed exception",
        "policy.accept names exactly the count of this plan.",
        "Take the exception out once the plan has been applied.",
        "info",
    ),
    "CT408": Code(
        "not set back",
        "The run created the profile, the value before is not known, it changed since, "
        "the upload API cannot remove it, or it would opt in to messages.",
        "Declare what is meant, and plan that.",
        "warning",
    ),
    "CT407": Code(
        "exception for another plan",
        "policy.accept names a count that this plan has not; it lifts nothing.",
        "Take it out, or correct it if this plan is the one that is meant.",
        "info",
    ),
    "CT409": Code(
        "perhaps a new id",
        "A profile leaves while a new one has its Email or Phone; the platform would "
        "hold both.",
        'If they are one person: "ctsync state rename OLD NEW"',
        "warning",
    ),
}
