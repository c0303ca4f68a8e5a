"""How a read of the platform differs from what is stored: one small entry each.

The first two are what recordings show, and on unless others are chosen. The rest are
ways in which readers and exports are known to differ, or may: a client has to bear
each of them, and all together.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from msgspec import Struct

from ctsync.sandbox.keys import Json, fold_name
from ctsync.sandbox.operations import is_number
from ctsync.sandbox.validation import phone_number

Record: TypeAlias = dict[str, Json]

_SYSTEM = ("Age", "Customer Type", "DOB", "Education", "Employed", "Gender", "Married")
_SPELLING = {fold_name(name): name for name in (*_SYSTEM, "Photo", "Timezone", "Tz")}
_LIFTED = frozenset({"name", "email", "phone"})
_PRECISE_DIGITS = 15
_DATE = re.compile(r"\$D_-?[0-9]+")


class Distortion(Struct, frozen=True):
    """One way to show a profile otherwise than it is stored."""

    about: str
    alter: Callable[[Record], Record]


def distort(record: Record, names: Iterable[str]) -> Record:
    """Return the record as the named distortions show it, in the table's order."""
    chosen = frozenset(names)
    for name, distortion in DISTORTIONS.items():
        if name in chosen:
            record = distortion.alter(record)
    return record


def check_distortions(names: Iterable[str]) -> None:
    """Refuse names that are not in the table."""
    unknown = sorted(set(names) - DISTORTIONS.keys())
    if unknown:
        raise ValueError(f"unknown distortions: {', '.join(unknown)}")


def _fold_names(record: Record) -> Record:
    data = {
        _SPELLING.get(fold_name(name), fold_name(name)): value
        for name, value in _data(record).items()
    }
    return {**record, "profileData": data}


def _number_phone(record: Record) -> Record:
    phone = record.get("phone")
    if not isinstance(phone, str):
        return record
    return {**record, "phone": phone_number(phone)}


def _data(record: Record) -> Record:
    data = record["profileData"]
    return data if isinstance(data, dict) else {}


def _each_value(alter: Callable[[Json], Json]) -> Callable[[Record], Record]:
    def alter_values(record: Record) -> Record:
        data = {name: alter(value) for name, value in _data(record).items()}
        return {**record, "profileData": data}

    return alter_values


def _number_of_digits(value: Json) -> Json:
    if not (isinstance(value, str) and value.isascii() and value.isdigit()):
        return value
    # Long ones lose their last digits, as in any store of doubles.
    return int(value) if len(value) <= _PRECISE_DIGITS else int(float(value))


def _text_of_number(value: Json) -> Json:
    return json.dumps(value) if is_number(value) else value


def _float_of_number(value: Json) -> Json:
    return float(value) if is_number(value) else value


def _text_of_boolean(value: Json) -> Json:
    return json.dumps(value) if isinstance(value, bool) else value


def _epoch_of_date(value: Json) -> Json:
    is_date = isinstance(value, str) and _DATE.fullmatch(value)
    return int(str(value).removeprefix("$D_")) if is_date else value


def _age(record: Record) -> Record:
    data = _data(record)
    age = data.get("Age")
    if "DOB" not in data or isinstance(age, bool) or not isinstance(age, int):
        return record
    return {**record, "profileData": {**data, "Age": age + 1}}


def _trimmed(value: Json) -> Json:
    if isinstance(value, list):
        return [_trimmed(item) for item in value]
    return value.strip() if isinstance(value, str) else value


def _fold_items(value: Json) -> Json:
    if not isinstance(value, list):
        return value
    return [item.lower() if isinstance(item, str) else item for item in value]


def _reverse_items(value: Json) -> Json:
    return value[::-1] if isinstance(value, list) else value


def _lone_item(value: Json) -> Json:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _unlift(record: Record) -> Record:
    kept = {name: value for name, value in record.items() if name not in _LIFTED}
    moved = {n.title(): value for n, value in record.items() if n in _LIFTED}
    return {**kept, "profileData": {**_data(record), **moved}}


def _merge(record: Record) -> Record:
    found = record["all_identities"]
    known = found if isinstance(found, list) else []
    return {**record, "all_identities": [*known, "merged-into-this-one"]}


def _bare(record: Record) -> Record:
    kept = {"identity", "profileData", *_LIFTED}
    return {name: value for name, value in record.items() if name in kept}


def _nest(record: Record) -> Record:
    return {**record, "profileData": {**_data(record), "nested": {"a": [{"b": 1}]}}}


def _note(record: Record) -> Record:
    return {**record, "badKs": ["x"], "df": {"0": 68, "1": 136}}


DISTORTIONS: Mapping[str, Distortion] = {
    "folded-names": Distortion(
        "custom names in lower case and without spaces", _fold_names
    ),
    "numeric-phone": Distortion("Phone as a number without the plus", _number_phone),
    "numeric-text": Distortion(
        "text of digits as a number, without zeros before it or digits beyond 15",
        _each_value(_number_of_digits),
    ),
    "text-numbers": Distortion("numbers as text", _each_value(_text_of_number)),
    "float-numbers": Distortion("whole numbers as 5.0", _each_value(_float_of_number)),
    "text-booleans": Distortion("booleans as text", _each_value(_text_of_boolean)),
    "epoch-dates": Distortion(
        "dates as their epoch seconds", _each_value(_epoch_of_date)
    ),
    "aged": Distortion("Age after a birthday, where there is a DOB", _age),
    "trimmed-text": Distortion("text without outer spaces", _each_value(_trimmed)),
    # Such a platform takes values that differ in case for one, or nobody could remove
    # what somebody else added.
    "folded-lists": Distortion("list values in lower case", _each_value(_fold_items)),
    "shuffled-lists": Distortion(
        "list values in another order", _each_value(_reverse_items)
    ),
    "lone-values": Distortion(
        "a list of one value as that value", _each_value(_lone_item)
    ),
    "unlifted": Distortion("name, email and phone inside profileData", _unlift),
    "merged": Distortion("another identity in all_identities", _merge),
    "bare": Distortion(
        "no all_identities, events and devices, as in the published sample", _bare
    ),
    "nested": Distortion("an attribute that is an object", _nest),
    "internals": Distortion("the platform's own badKs and df", _note),
}

AS_RECORDED = ("folded-names", "numeric-phone")
