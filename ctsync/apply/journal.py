"""The lines of a journal: what was about to be sent, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ctsync.apply.effect import Doubt, Effect
from ctsync.errors import StateError
from ctsync.model.key import Key, key_from_json
from ctsync.model.record import Outcome, Verdict
from ctsync.model.snapshot import Account

FORMAT = "ctsync.journal/1"

Line = Mapping[str, Any]
EffectData = Mapping[str, Any]  # what `effect_from_json` reads


@dataclass(frozen=True, slots=True)
class Head:
    """A journal's first line: the snapshot that it extends, and the run."""

    lineage: str
    serial: int
    account: Account
    run: str
    plan: str  # checksum of the saved plan
    digest: str
    started: float
    tool_version: str

    def as_json(self) -> dict[str, Any]:
        """Give the first line."""
        return {"format": FORMAT, **asdict(self)}


def head_from_json(data: Line) -> Head:
    """Read what `Head.as_json` wrote."""
    fields = {name: data[name] for name in Head.__dataclass_fields__}
    return Head(**{**fields, "account": Account(**data["account"])})


@dataclass(frozen=True, slots=True)
class Sent:
    """One call as it is about to leave."""

    call: int
    at: float
    timeout_seconds: float
    has_counters: bool

    @property
    def over_at(self) -> float:
        """When a server that is late is taken to have given up."""
        return self.at + self.timeout_seconds


def intent_line(
    sent: Sent, run: str, doubts: Iterable[tuple[Key, Doubt]]
) -> dict[str, Any]:
    """Say that a call leaves, and what is in doubt if nothing is heard of it."""
    records = [{"key": key.as_json(), **doubt.as_json()} for key, doubt in doubts]
    return {"intent": {**asdict(sent), "run": run, "records": records}}


def receipt_line(
    call: int, verdicts: Iterable[tuple[Key, Verdict, Effect | None]]
) -> dict[str, Any]:
    """Say what came of a call; an effect goes with what was acknowledged."""
    return {
        "receipt": {
            "call": call,
            "records": [_received(*verdict) for verdict in verdicts],
        }
    }


def _received(key: Key, verdict: Verdict, effect: Effect | None) -> dict[str, Any]:
    data: dict[str, Any] = {"key": key.as_json(), "outcome": verdict.outcome.value}
    if verdict.error is not None:
        data |= {"code": verdict.code, "error": verdict.error}
    if effect is not None:
        data["effect"] = effect.as_json()
    return data


def release_line(releases: Sequence[tuple[Key, Effect]]) -> dict[str, Any]:
    """Say which profiles lose attributes that nobody declares, in the state alone."""
    return {
        "release": [{"key": key.as_json(), **each.as_json()} for key, each in releases]
    }


def end_line(*, is_open: bool) -> dict[str, Any]:
    """Say that the run ended by itself, and whether it left anything open."""
    return {"end": {"open": is_open}}


def effects_in(lines: Iterable[Line]) -> Iterator[tuple[Key, EffectData]]:
    """Yield what the lines of a journal do, in order, by profile.

    An intent without a receipt is an unknown outcome. What was rejected or not sent
    does nothing.

    Raises:
        StateError: a receipt stands alone (code `journal_damaged`).
    """
    unheard: dict[int, Line] = {}
    for line in lines:
        if "intent" in line:
            unheard[line["intent"]["call"]] = line["intent"]
        elif "receipt" in line:
            receipt = line["receipt"]
            intent = unheard.pop(receipt["call"], None)
            if intent is None:
                raise _no_intent(receipt["call"])
            yield from _effects_heard(intent, receipt)
        elif "release" in line:
            for record in line["release"]:
                yield key_from_json(record["key"]), record
    for intent in unheard.values():
        for record in intent["records"]:
            yield key_from_json(record["key"]), _doubt(intent, record)


def _no_intent(call: int) -> StateError:
    return StateError(
        f"the journal has a receipt of call {call}, which it never sent",
        hint="restore a copy of the journal; or move it away and run "
        '"ctsync state doubt --all", since what it sent is then not known',
        code="journal_damaged",
    )


def _effects_heard(intent: Line, receipt: Line) -> Iterator[tuple[Key, EffectData]]:
    for doubt, heard in zip(intent["records"], receipt["records"], strict=True):
        key = key_from_json(heard["key"])
        if heard["outcome"] == Outcome.ACKNOWLEDGED:
            yield key, heard["effect"]
        elif heard["outcome"] == Outcome.UNKNOWN:
            yield key, _doubt(intent, doubt)


def _doubt(intent: Line, record: Line) -> EffectData:
    return {**record, "run": intent["run"]}


class Ending:
    """Whether a run left anything open, once its lines went by; one cut off did."""

    def __init__(self) -> None:
        self.is_open = True

    def watch(self, lines: Iterable[Line]) -> Iterator[Line]:
        """Yield the lines, taking note of the end."""
        for line in lines:
            if "end" in line:
                self.is_open = bool(line["end"]["open"])
            yield line


def last_doubtful_delta(lines: Iterable[Line]) -> Sent | None:
    """Give the call that may write counters latest, of a run that was cut off."""
    doubtful: dict[int, Sent] = {}
    for line in lines:
        if "end" in line:
            return None
        if "intent" in line and line["intent"]["has_counters"]:
            sent = _sent(line["intent"])
            doubtful[sent.call] = sent
        elif "receipt" in line and not _has_unknown(line["receipt"]):
            doubtful.pop(line["receipt"]["call"], None)
    return max(doubtful.values(), key=lambda sent: sent.over_at, default=None)


def _sent(intent: Line) -> Sent:
    return Sent(**{name: intent[name] for name in Sent.__dataclass_fields__})


def _has_unknown(receipt: Line) -> bool:
    return any(each["outcome"] == Outcome.UNKNOWN for each in receipt["records"])
