"""Where snapshots and journals are kept."""

from ctsync.state.address import open_store
from ctsync.state.base import Journal, JournalWriter, RunRecord, Snapshot, Store
from ctsync.state.binding import check_account, relation
from ctsync.state.holder import Holder

__all__ = [
    "Holder",
    "Journal",
    "JournalWriter",
    "RunRecord",
    "Snapshot",
    "Store",
    "check_account",
    "open_store",
    "relation",
]
