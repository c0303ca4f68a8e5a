"""Where snapshots and journals are kept."""

from ctsync.state.base import Journal, JournalWriter, RunRecord, Snapshot, Store
from ctsync.state.lineage_checks import check_account, relation
from ctsync.state.lock_holder import Holder
from ctsync.state.open_store import open_store

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
