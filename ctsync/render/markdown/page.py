"""What a comment says around its changes: verdict, counts, findings, what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ctsync.counted import counted
from ctsync.diagnostic_codes import PAGE
from ctsync.model.masking import Mask
from ctsync.render.diagnostics_text import (
    first_of_each,
    more_sentences,
    totals_sentence,
    where_explained,
)
from ctsync.render.flow_words import (
    AttributeFlows,
    attribute_flows,
    flow_sides,
    other_words,
)
from ctsync.render.markdown.text import (
    SHOW_ALL,
    cell,
    code,
    comment_word,
    cut_bytes,
    fenced,
    folded,
    size,
    table,
)
from ctsync.render.next_words import apply_words, undeclared_words
from ctsync.render.operation_table import (
    operator_columns,
    ranked_rows,
    rows_left_out,
)
from ctsync.render.plan_view import PlanView
from ctsync.render.summary_text import (
    EXCEPTION,
    SECONDS_PER_CALL,
    blocked_sentence,
    by_file_words,
    duration_words,
    exception_yaml,
    header_sentences,
    partial_words,
    percent_words,
    selection_options,
)
from ctsync.render.text_width import cut_name, escape

MOST_ATTRIBUTES = 20
MOST_LISTED = 10
MOST_FLOWS = 3
MOST_BYTES_OF_FINDINGS = 8_000
MOST_BYTES_OF_FINDING = 400

_WIDEST_NAME = 60
_COMMAND_BYTES = 400
_CANNOT = "A blocked plan cannot be applied."


def above(view: PlanView) -> Iterator[str]:
    """Yield the parts that stand before the changes."""
    yield f"{marker(view)}\n"
    yield f"### {verdict(view)}\n"
    yield from (f"{sentence}\n" for sentence in _facts(view))
    if view.foot.blocked:
        yield _listed(blocked_sentence(rule, view, code) for rule in view.foot.blocked)
        # This also parts two lists that would be read as one.
        yield f"{_CANNOT}\n"
        yield from _exception(view)
    yield _listed(count_sentences(view), most=None)
    if view.foot.survey.operations:
        yield from _operations(view.foot.survey.operations)
    yield from _flows(view)


def _exception(view: PlanView) -> Iterator[str]:
    exception = exception_yaml(view)
    if exception is not None:
        yield f"{EXCEPTION}\n\n```yaml\n{exception}\n```\n"


def below(view: PlanView) -> Iterator[str]:
    """Yield the parts that stand after the changes."""
    if view.foot.diagnostic_totals:
        yield _findings(view)
    yield f"Digest {code(view.foot.digest)}\n"
    if view.changed and not view.foot.blocked:
        command = code(apply_words(view), _COMMAND_BYTES)
        yield (
            f"To apply what was reviewed: {command}, "
            "where FILE is what `ctsync plan --out FILE` wrote.\n"
        )
    if view.profiles["undeclared"]:
        command = code(undeclared_words(view), _COMMAND_BYTES)
        yield f"To see who is named nowhere: {command}\n"


def marker(view: PlanView) -> str:
    """Return the hidden line by which a pipeline finds its own comment again."""
    words = {
        "project": view.head.project or view.head.account.shown.id,
        "env": view.head.environment or "",
        "digest": view.foot.digest,
    }
    said = " ".join(f"{name}={comment_word(text)}" for name, text in words.items())
    return f"<!-- ctsync:plan {said} -->"


def verdict(view: PlanView) -> str:
    """Give `ctsync plan: BLOCKED by 2 rules, FIRST RUN, 413 changes`."""
    marks = []
    if view.foot.blocked:
        marks.append(f"BLOCKED by {counted(len(view.foot.blocked), 'rule')}")
    if view.head.first_run:
        marks.append("FIRST RUN")
    if view.is_partial:
        marks.append(partial_words(view))
    elif view.changed:
        marks.append(counted(view.changed, "change"))
    else:
        marks.append("No changes")
    return f"ctsync plan: {', '.join(marks)}"


def _facts(view: PlanView) -> Iterator[str]:
    if view.head.project is not None:
        yield f"Project {code(view.head.project)}"
    for sort, sentence in header_sentences(view, code):
        if sort == "partial":
            yield f"Chosen by {_few(map(code, selection_options(view)))}"
        else:
            yield sentence.replace("\n", " ")


def count_sentences(view: PlanView) -> Iterator[str]:
    """Yield the counts, each with what it is of."""
    profiles, summary = view.profiles, view.foot.summary
    known = profiles["entries"]
    said = (
        (summary["opt_in"], view.changed, "changed profile", "opted in to messages"),
        (profiles["remove"], known, "known profile", "with values removed"),
        (profiles["create"], 0, "profile", "created (new to this state)"),
        (profiles["update"], known, "known profile", "updated"),
        (profiles["release"], known, "known profile", "only released"),
        (profiles["unchanged"], known, "known profile", "unchanged"),
        (profiles["undeclared"], known, "known profile", "named by no place"),
        (profiles["skipped"], 0, "row", "skipped as invalid"),
        (summary["once_held"], 0, "value", "held back (written once)"),
    )
    yield from (_share(*words) for words in said if words[0])
    if by_file := by_file_words(view):
        yield by_file
    if summary["calls"]:
        calls, records = summary["calls"], counted(summary["records"], "record")
        duration = duration_words(calls * SECONDS_PER_CALL)
        yield f"{records} in {counted(calls, 'call')}, about {duration}"


def _share(count: int, whole: int, noun: str, words: str) -> str:
    if not 0 < count <= whole:
        return f"{counted(count, noun)} {words}"
    percent = percent_words(count, whole)
    return f"{count:,} of {counted(whole, noun)} {words} ({percent})"


def _operations(counts: Mapping[tuple[str, str], int]) -> Iterator[str]:
    rows = ranked_rows(counts, MOST_ATTRIBUTES)
    names = [cell(cut_name(escape(name), _WIDEST_NAME)) for name in rows]
    columns = [
        (code(operator), *cells) for operator, *cells in operator_columns(counts, rows)
    ]
    yield table(zip(("Attribute", *names), *columns, strict=True))
    left = rows_left_out(counts, rows)
    if left:
        more = counted(left, "more attribute")
        yield f"… and {more}; {SHOW_ALL} shows them.\n"


def _flows(view: PlanView) -> Iterator[str]:
    found = attribute_flows(view.foot.survey)
    if found:
        yield f"Flows:\n\n{_listed(_flow_words(each, view.mask) for each in found)}"


def _flow_words(each: AttributeFlows, mask: Mask) -> str:
    flows = each.flows[:MOST_FLOWS]
    words = (f"{code(' -> '.join(flow_sides(f, mask)))} {f.profiles:,}" for f in flows)
    name = code(cut_name(escape(each.attribute), _WIDEST_NAME))
    return f"{name}: {', '.join(words)}{other_words(each, MOST_FLOWS)}"


def _findings(view: PlanView) -> str:
    kept = view.foot.diagnostics
    shown = tuple(first_of_each(kept))
    said = [finding.as_text() for finding in shown]
    said += more_sentences(shown, view.foot.diagnostic_totals)
    lines = [cut_bytes(escape(line), MOST_BYTES_OF_FINDING) + "\n" for line in said]
    fitting = [*_fitting(lines, MOST_BYTES_OF_FINDINGS)]
    body = (
        fenced("".join(fitting), "text")
        + f"\n{where_explained(kept, code, code(PAGE))}\n"
    )
    if fitting != lines:
        left = counted(len(lines) - len(fitting), "more line")
        body += f"\n… and {left}; `ctsync show FILE` shows them.\n"
    return folded(totals_sentence(kept, view.foot.diagnostic_totals), body)


def _fitting(lines: Iterable[str], room: int) -> Iterator[str]:
    for line in lines:
        room -= size(line)
        if room < 0:
            return
        yield line


def _listed(sentences: Iterable[str], most: int | None = MOST_LISTED) -> str:
    items = [*sentences]
    shown = [f"- {item}\n" for item in items[:most]]
    if len(shown) < len(items):
        shown.append(f"- … and {len(items) - len(shown):,} more\n")
    return "".join(shown)


def _few(words: Iterable[str]) -> str:
    every = [*words]
    more = len(every) - MOST_LISTED
    tail = f" and {more:,} more" if more > 0 else ""
    return ", ".join(every[:MOST_LISTED]) + tail
