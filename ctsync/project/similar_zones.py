"""Which time zones were probably meant by a name that no zone has."""

from __future__ import annotations

from ctsync.suggestions import nearest
from ctsync.timezones import zone_names

_LIKENESS = 0.75  # short names such as IST are like too many others


def similar_zones(name: str) -> list[str]:
    """Return the names that were probably meant: by whole name, then by city."""
    cities = {zone.rpartition("/")[2]: zone for zone in sorted(zone_names())}
    city = name.rpartition("/")[2].replace(" ", "_")
    close = [cities[match] for match in nearest(city, cities, 2, _LIKENESS)]
    whole = nearest(name, zone_names(), 2, _LIKENESS)
    return list(dict.fromkeys([*whole, *close]))[:2]
