"""How the platform shows a profile: folded names, a numeric phone, no commands.

System attributes keep their spelling, as in the published sample; custom names come
back lower-case and without spaces, as in recordings.
"""

from ctsync.sandbox.names import Json, fold_name
from ctsync.sandbox.profile import Profile
from ctsync.sandbox.validation import phone_number

_LIFTED = frozenset({"name", "email", "phone"})
_SYSTEM = ("Age", "Customer Type", "DOB", "Education", "Employed", "Gender", "Married")
_SPELLING = {fold_name(name): name for name in (*_SYSTEM, "Photo", "Timezone", "Tz")}


def read_profile(profile: Profile) -> Json:
    """Return the `record` of a profile read."""
    values = {fold_name(name): value for name, value in profile.attributes.items()}
    record: dict[str, Json] = {
        "all_identities": [profile.value] if profile.kind == "identity" else [],
        "events": {},
        "platformInfo": _devices(profile),
        "profileData": {
            _SPELLING.get(folded, folded): value
            for folded, value in values.items()
            if folded not in _LIFTED
        },
    }
    if profile.kind == "identity":
        record["identity"] = profile.value
    for folded in sorted(_LIFTED & values.keys()):
        record[folded] = _lift(values[folded], is_phone=folded == "phone")
    return record


def _lift(value: Json, *, is_phone: bool) -> Json:
    return phone_number(value) if is_phone and isinstance(value, str) else value


def _devices(profile: Profile) -> list[Json]:
    return [{"objectId": profile.value}] if profile.kind == "objectId" else []
