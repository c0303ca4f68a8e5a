"""A local HTTP server that behaves as CleverTap's documentation says it does.

It is a simulation of documented behaviour, written from the platform's documents and
from recordings, and apart from the rest of ctsync, so that the two can contradict each
other. Importing this package costs nothing: the server is loaded when it is first asked
for.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctsync.sandbox.faults import FAULTS
    from ctsync.sandbox.read_distortions import AS_RECORDED, DISTORTIONS
    from ctsync.sandbox.sandbox import Sandbox
    from ctsync.sandbox.sftp.door import SftpSettings
    from ctsync.sandbox.sftp.sftp_faults import IMPORT_FAULTS, TRANSFER_FAULTS

__all__ = [
    "AS_RECORDED",
    "DISTORTIONS",
    "FAULTS",
    "IMPORT_FAULTS",
    "TRANSFER_FAULTS",
    "Sandbox",
    "SftpSettings",
]

_HOMES = {
    "AS_RECORDED": "ctsync.sandbox.read_distortions",
    "DISTORTIONS": "ctsync.sandbox.read_distortions",
    "FAULTS": "ctsync.sandbox.faults",
    "IMPORT_FAULTS": "ctsync.sandbox.sftp.sftp_faults",
    "TRANSFER_FAULTS": "ctsync.sandbox.sftp.sftp_faults",
    "Sandbox": "ctsync.sandbox.sandbox",
    "SftpSettings": "ctsync.sandbox.sftp.door",
}


def __getattr__(name: str) -> object:
    """Load an exported name from the module it lives in."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
