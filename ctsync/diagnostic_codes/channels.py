"""Codes of what a file cannot say."""

from __future__ import annotations

from collections.abc import Mapping

from ctsync.diagnostic_codes.code import Code

CODES: Mapping[str, Code] = {
    "CT801": Code(
        "counter, and no file",
        "Files know no differences; counters go by the upload API alone, so that none "
        "is moved twice.",
        "Apply the plan: what its files do not hold goes by the API.",
        "info",
    ),
    "CT802": Code(
        "command, and no file",
        "MSG-* and groups are documented for the upload API alone.",
        "Apply the plan: what its files do not hold goes by the API.",
        "info",
    ),
    "CT803": Code(
        "no identity, and no file",
        "Rows of a file are found by identity; FBID, GPID and objectId are not "
        "documented there.",
        'Plan with --exclude "objectId=*", and apply the rest by the API.',
    ),
    "CT804": Code(
        "no cell can hold it",
        "Line breaks and other control characters are read differently by every reader "
        "of CSV; an identity in a file has under 1024 characters.",
        "Correct the value.",
    ),
    "CT805": Code(
        "the dashboard's file says values alone",
        "No operator is documented for it: it cannot remove, and cannot add to a list.",
        "Use --channel sftp.",
    ),
    "CT806": Code(
        "a moment that a clock shows twice, or never",
        "The dashboard's file says dates as a clock shows them, without an offset.",
        "Use --channel sftp, which says dates in seconds.",
    ),
    "CT807": Code(
        "manifest without clientEmail",
        "The platform takes no manifest without one; it tells that address what became "
        "of the import.",
        "channels: {sftp: {email: ops@example.com}}",
        "warning",
    ),
    "CT808": Code(
        "dates as clocks show them",
        "The dashboard's file says no offset, and no document says which zone it is "
        "read in.",
        "See that timezone: is the account's, or use --channel sftp.",
        "warning",
    ),
    "CT821": Code(
        "report of no file that was put",
        "A report is known by the name of its data file, which the state remembers; "
        "another state, account or environment has put others.",
        "Give the report under the name that it came with, in the project that put it.",
    ),
    "CT822": Code(
        "report that cannot be used",
        "A failure file is the input with a last column for the reason, in CSV and "
        "UTF-8; a webhook's body is JSON. Anything else is refused as a whole.",
        "Give the file as the platform wrote it.",
    ),
    "CT823": Code(
        "row that no file had",
        "A report names only rows of the file that it is of, cell by cell as they were "
        "put.",
        "Give the file as the platform wrote it, to the state that put the data.",
    ),
    "CT824": Code(
        "file of which no report tells",
        "--all-others-accepted takes for acknowledged what no report names. Of this "
        "file nothing was reported at all: its import may have failed, or be to come.",
        'See on the dashboard that it was imported, or let "ctsync refresh" look.',
        "warning",
    ),
    "CT810": Code(
        "no usable SFTP server",
        "Files go only to a host whose key is pinned by its SHA256 fingerprint, and "
        "with a key that lies outside the project.",
        "channels: {sftp: {host: sftp.example.com, fingerprint: SHA256:...}}",
    ),
    "CT811": Code(
        "no SFTP server there",
        "Nobody answers at channels.sftp.host and port, or not as an SFTP server does.",
        "See host and port, and that this machine may go there; then apply again.",
    ),
    "CT812": Code(
        "another host key than the pinned one",
        "The server is another machine, or has a new key. Nothing was sent to it.",
        "Ask whoever runs it for the fingerprint, and pin that one.",
    ),
    "CT813": Code(
        "no key that opens",
        "The server takes none of the keys, or there is none. There are no passwords.",
        "Add the public half on the platform's page for SFTP; see channels.sftp.key.",
    ),
    "CT814": Code(
        "no such folder on the server",
        "channels.sftp.folder is not there; ctsync makes none.",
        "Make it, or name another.",
    ),
    "CT815": Code(
        "the server takes no file",
        "Its folder may not be written to, or has no room.",
        "Mend that, and apply again: it goes on where it was.",
    ),
    "CT816": Code(
        "cut in the middle",
        "The connection was lost, and trying again did not help.",
        "Apply again: it goes on where it was.",
    ),
    "CT817": Code(
        "another file has the name",
        "On the server lies a file of the same name with other bytes.",
        "Look who put it there; ctsync never writes over it.",
    ),
}
