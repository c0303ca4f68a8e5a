"""Sending a plan that is too much for the upload API by files, as far as they can say.

A plan is made as ever, by whatever engine, and only then is its size known: so it is
written anew, change by change, with another channel on what goes another way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, BinaryIO

from msgspec.structs import replace

from ctsync.model.change import Change
from ctsync.model.operation import Operation
from ctsync.model.policy import ChannelTerms
from ctsync.plan.document.plan_file import SavedPlan
from ctsync.plan.document.plan_writer import PlanWriter

if TYPE_CHECKING:
    from ctsync.channels.base import Channel


def by_its_size(
    plan: SavedPlan, terms: ChannelTerms, new_file: Callable[[], BinaryIO]
) -> SavedPlan:
    """Return a plan by the channel that the project wants for one of its size.

    Where that is another than it was made for, it is written into an empty file anew.
    """
    if terms.bulk_over is None or plan.foot.places <= terms.bulk_over:
        return plan
    from ctsync.channels import CHANNELS
    from ctsync.channels.base import ChannelSettings

    return _rewritten(plan, CHANNELS[terms.bulk_by](ChannelSettings()), new_file())


def _rewritten(plan: SavedPlan, channel: Channel, file: BinaryIO) -> SavedPlan:
    with plan, ExitStack() as stack:
        stack.callback(file.close)  # a plan that is not finished is not kept
        writer = PlanWriter(file, plan.head)
        for each in plan.each():
            if isinstance(each, Change):
                writer.add_change(_by(channel, each))
            else:
                writer.add_settled(*each)
        written = writer.close(plan.foot)
        routed = SavedPlan(file, plan.name, written)
        stack.pop_all()
    return routed


def _by(channel: Channel, change: Change) -> Change:
    return replace(change, operations=tuple(_ways(channel, change)))


def _ways(channel: Channel, change: Change) -> Iterator[Operation]:
    """Yield the operations of a change, all those of one attribute by one way."""
    for _, group in groupby(change.operations, key=attrgetter("attribute")):
        own = tuple(group)
        # Steps have an order in one way only: half by the API and half in a file have
        # none.
        if any(channel.fault_of(change.key, each) is not None for each in own):
            yield from own
        else:
            yield from (replace(each, channel=channel.name) for each in own)
