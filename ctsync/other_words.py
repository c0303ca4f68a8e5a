"""What people call things that have another name here: near in meaning, not in letters.

Compared without case, spaces and punctuation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_LOOSE = re.compile(r"[\W_]+")

# Keys, types and regions. Where several could be meant, the place takes only one.
_MEANT: Mapping[str, str] = {
    "identity": "id userid uid customerid customer externalid key profileid",
    "objectId": "clevertapid ctid guid deviceid",
    "attributes": "attribute properties props profiledata fields data values traits",
    "profiles": "users people customers persons contacts",
    "cohorts": "segments groups audiences",
    "tables": "sources imports datasources csvs",
    "members": "users people ids identities profiles",
    "file": "path source filename src",
    "where": "filter condition query",
    "columns": "mapping map fields cols mappings",
    "duplicates": "dedupe dedup onduplicate",
    "separator": "delimiter sep",
    "encoding": "charset",
    "timezone": "tz zone",
    "environments": "envs stages workspaces",
    "catalog": "schema types properties definitions",
    "notify": "webhook slack",
    "limits": "guards thresholds",
    "records_per_call": "batchsize batch chunksize",
    "concurrency": "workers parallelism threads parallel",
    "timeout_seconds": "timeout",
    "passcode": "token password secret apikey",
    "endpoint": "host url baseurl",
    "state": "backend store",
    "include": "add adds contains",
    "exclude": "remove removes without",
    "string": "str text varchar char",
    "number": "int integer float double long decimal numeric",
    "boolean": "bool flag",
    "date": "datetime timestamp day time epoch",
    "list": "array set multi multivalue strings",
    "counter": "count increment",
    "eu1": "eu europe ireland",
    "in1": "in india mumbai",
    "sg1": "sg singapore",
    "us1": "us usa america unitedstates",
    "aps3": "indonesia jakarta",
    "mec1": "uae me middleeast dubai",
}
# System attributes. Birthday is among the names that client code refuses for a list.
_ATTRIBUTES: Mapping[str, str] = {
    "DOB": "birthday birthdate birthdaydate dateofbirth dayofbirth born",
    "Email": "email mail emailaddress emailid mailaddress",
    "Phone": "mobile mobilenumber mobilephone phonenumber phoneno telephone cell "
    "cellphone msisdn",
    "Gender": "sex",
    "Name": "fullname username customername",
    "Married": "maritalstatus ismarried",
    "Employed": "employmentstatus employment isemployed",
    "Photo": "photourl avatar avatarurl picture profilepicture profilephoto imageurl",
}


def _turned(words: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    turned: dict[str, tuple[str, ...]] = {}
    for ours, others in words.items():
        for each in others.split():
            turned[each] = (*turned.get(each, ()), ours)
    return turned


_BY_WORD, _BY_NAME = _turned(_MEANT), _turned(_ATTRIBUTES)


def loose(name: str) -> str:
    """Return a name without case, spaces and punctuation."""
    return _LOOSE.sub("", name.casefold())


def meant_by(word: str, choices: Iterable[str]) -> str | None:
    """Return the one of the choices that people call so, if there is one."""
    known = frozenset(choices)
    return next((each for each in _BY_WORD.get(loose(word), ()) if each in known), None)


def attribute_meant_by(name: str) -> str | None:
    """Return the system attribute that people call so, if there is one."""
    return next(iter(_BY_NAME.get(loose(name), ())), None)
