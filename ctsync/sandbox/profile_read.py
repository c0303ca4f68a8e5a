"""What the platform shows of a profile, before anything distorts it.

Commands (`MSG-*`, `category-*`) are never shown. Name, e-mail address and phone number
stand beside `profileData`, as in the published sample.
"""

from collections.abc import Iterable

from ctsync.sandbox.keys import Json, fold_name
from ctsync.sandbox.profile import Profile
from ctsync.sandbox.read_distortions import AS_RECORDED, Record, distort

_LIFTED = frozenset({"name", "email", "phone"})


def read_profile(profile: Profile, distortions: Iterable[str] = AS_RECORDED) -> Record:
    """Return the `record` of a profile read."""
    values = dict(profile.attributes)
    record: Record = {
        "all_identities": [profile.value] if profile.kind == "identity" else [],
        "events": {},
        "platformInfo": _devices(profile),
        "profileData": {n: v for n, v in values.items() if not _is_lifted(n)},
    }
    if profile.kind == "identity":
        record["identity"] = profile.value
    for name in sorted(filter(_is_lifted, values), key=fold_name):
        record[fold_name(name)] = values[name]
    return distort(record, distortions)


def _is_lifted(name: str) -> bool:
    return fold_name(name) in _LIFTED


def _devices(profile: Profile) -> list[Json]:
    return [{"objectId": profile.value}] if profile.kind == "objectId" else []
