"""However many have an address, those of one address are told together, and all."""

from collections import Counter
from random import Random

import pytest

from ctsync.model.change import Origin
from ctsync.model.decided_addresses import address_mark
from ctsync.plan.among import address_groups
from ctsync.plan.among.address_groups import AddressGroups


@pytest.mark.parametrize("most", [1, 7, 1_000])
def test_groups_are_the_same_in_memory_and_on_disk(monkeypatch, most):
    monkeypatch.setattr(address_groups, "REMEMBERED", most)
    chance = Random(most)
    groups = AddressGroups(tuple[int, Origin])
    met = {}
    for number in range(400):
        address = f"é{chance.randrange(150)}@x.io"
        words = number, Origin("x.csv", number + 1, number, table="t")
        groups.add(address, words)
        met.setdefault(address, []).append(words)
    assert {*groups.marks()} == {address_mark(address) for address in met}
    assert sorted(groups.groups()) == sorted(met.values())


def test_no_more_than_so_many_are_held_in_memory(monkeypatch):
    monkeypatch.setattr(address_groups, "REMEMBERED", 10)
    groups = AddressGroups(tuple[int, str])
    for number in range(1_000):
        groups.add(f"{number % 500}@x.io", (number, "x"))
        assert len(groups._held) < 10
    sizes = Counter(len(group) for group in groups.groups())
    assert sizes == {2: 500}
