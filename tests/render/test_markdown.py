"""A plan as a comment: what it says, in which order, and how much of it."""

import re
import tracemalloc
from collections import Counter

import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace

from ctsync.diagnostics import Diagnostic
from ctsync.model.change_statistics import ChangeStatistics, traits_of
from ctsync.model.snapshot import Account, Base
from ctsync.render.markdown.changes import TITLES, share_room
from ctsync.render.markdown.text import size
from ctsync.render.plan_formats.markdown import RENDERER
from ctsync.render.plan_view import Style

ZEROS = "0" * 64

EMPTY = f"""\
<!-- ctsync:plan project=WR8-9K6-7Z5Z env=- digest=sha256:{ZEROS} -->

### ctsync plan: No changes

Account `WR8-9K6-7Z5Z` in region `in1`, state serial 3

- 788 of 1,200 known profiles unchanged (65.7%)

Digest `sha256:{ZEROS}`
"""

FIRST = f"""\
<!-- ctsync:plan project=crm env=prod digest=sha256:{ZEROS} -->

### ctsync plan: FIRST RUN, 2 changes

Project `crm`

Account `WR8-9K6-7Z5Z` in region `in1`, environment `prod`, state serial 0

FIRST RUN: there is no state yet, so every profile is new to it and percentages of \
the policy do not apply

- 2 profiles created (new to this state)
- 2 records in 1 call, about 1 s

| Attribute | `set` |
| --- | ---: |
| `Level` | 2 |
| `Plan` | 2 |

<details>
<summary>Profiles new to this state: 2</summary>

```diff
@@ create identity u1 @@ people/jack.yaml:3
+ Plan   set  "Gold"
+ Level  set  1
@@ create identity u2 @@ people/jack.yaml:3
+ Plan   set  "Gold"
+ Level  set  2
```

</details>

Digest `sha256:{ZEROS}`

To apply what was reviewed: `ctsync apply FILE --expect-digest sha256:{ZEROS} --env \
prod --first-run`, where FILE is what `ctsync plan --out FILE` wrote.
"""

MIXED = f"""\
<!-- ctsync:plan project=WR8-9K6-7Z5Z env=- digest=sha256:{ZEROS} -->

### ctsync plan: 7 changes

Account `WR8-9K6-7Z5Z` in region `in1`, state serial 3

- 1 of 7 changed profiles opted in to messages (14.3%)
- 1 of 1,200 known profiles with values removed (0.1%)
- 1 profile created (new to this state)
- 5 of 1,200 known profiles updated (0.4%)
- 1 of 1,200 known profiles only released (0.1%)
- 788 of 1,200 known profiles unchanged (65.7%)
- 12 of 1,200 known profiles named by no place (1.0%)
- 3 rows skipped as invalid
- 3 values held back (written once)
- 1,443 records in 16 calls, about 8 s

| Attribute | `set` | `$add` | `$remove` | `$incr` | `$delete` | `release` |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
| `Plan` | 4 | . | . | . | . | . |
| `Interests` | . | 1 | 1 | . | . | . |
| `Old Plan` | . | . | . | . | . | 2 |
| `Points` | . | . | . | 2 | . | . |
| `Account Manager` | 1 | . | . | . | . | . |
| `Birthday` | 1 | . | . | . | . | . |
| `Gender` | . | . | . | . | 1 | . |
| `Level` | 1 | . | . | . | . | . |
| `MSG-email` | 1 | . | . | . | . | . |
| `Score` | 1 | . | . | . | . | . |
| `Vegan` | 1 | . | . | . | . | . |

Flows:

- `Plan`: `Free -> Gold` 2, 2 others

Each profile stands once, under the riskiest of what is done to it:

<details>
<summary>Profiles opted in to messages: 1</summary>

```diff
@@ update identity optin @@ people/jack.yaml:3
+ MSG-email  set  true
```

</details>

<details>
<summary>Profiles that lose a value: 1</summary>

```diff
@@ update identity 1189549 @@ people/jack.yaml:3 and 1 more
! Account Manager  set              (sensitive) -> (sensitive)
+ Birthday         set              1990-02-20
- Gender           $delete          "M"
- Interests        $remove, step 1  - "hats"
+ Interests        $add, step 2     + "shoes"
#                                   (values that ctsync does not know stay)
! Level            set              (unknown) -> 120
! Points           $incr 20         100 -> 120
! Plan             set              "Free" -> "Gold"
! Score            set              (uncertain since run run-7) -> 1.5
! Vegan            set              false -> true
# Old Plan         released (kept on the platform, forgotten here)
```

</details>

<details>
<summary>Profiles new to this state: 1</summary>

```diff
@@ create identity new @@ people/jack.yaml:3
+ Plan  set  "Gold"
```

</details>

<details>
<summary>Counters moved: 1</summary>

```diff
@@ update identity counter @@ people/jack.yaml:3
! Points  $incr 3  1 -> 4
```

</details>

<details>
<summary>Values assigned because the state is not sure of them: 1</summary>

```diff
@@ update identity unsure @@ people/jack.yaml:3
! Plan  set  (uncertain since run run-7) -> "Gold"
```

</details>

<details>
<summary>Other changes: 1</summary>

```diff
@@ update identity plain @@ people/jack.yaml:3
! Plan  set  "Free" -> "Gold"
```

</details>

<details>
<summary>Attributes released (nothing is sent): 1</summary>

```diff
@@ release identity gone @@ people/jack.yaml:3
# Old Plan  released (kept on the platform, forgotten here)
```

</details>

<details>
<summary>30 warnings</summary>

```text
specs/a.yaml:4:2: warning CT312 keys differ only in case (use one spelling)
… and 29 more CT312
```

`ctsync explain CT312` tells more; all codes: `specs/README.md#diagnostic-codes`

</details>

Digest `sha256:{ZEROS}`

To apply what was reviewed: `ctsync apply FILE --expect-digest sha256:{ZEROS}`, where \
FILE is what `ctsync plan --out FILE` wrote.

To see who is named nowhere: `ctsync state list --undeclared`
"""

BLOCKED = f"""\
<!-- ctsync:plan project=WR8-9K6-7Z5Z env=- digest=sha256:{ZEROS} -->

### ctsync plan: BLOCKED by 2 rules, 412 changes

Account `WR8-9K6-7Z5Z` in region `in1`, state serial 3

SANDBOX: simulation of documented behaviour

Limits set for this plan: `--accept opt_in=1`

- `limits.update` is `30%`, this plan has 412 of 1,200 (`--accept update=412` allows \
it)
- `locked`: 1 change of locked values (if meant, change write: in the catalog first)

A blocked plan cannot be applied.

To have this one plan let pass by review, write into ctsync.yaml:

```yaml
policy: {{accept: {{update: 412}}}}
```

- 412 of 1,200 known profiles updated (34.3%)
- 788 of 1,200 known profiles unchanged (65.7%)
- 1 record in 1 call, about 1 s

| Attribute | `set` |
| --- | ---: |
| `Plan` | 1 |

<details>
<summary>Other changes: 1</summary>

```diff
@@ update identity plain @@ people/jack.yaml:3
! Plan  set  "Free" -> "Gold"
```

</details>

Digest `sha256:{ZEROS}`
"""

PARTIAL = f"""\
<!-- ctsync:plan project=WR8-9K6-7Z5Z env=- digest=sha256:{ZEROS} -->

### ctsync plan: PARTIAL: 1 of 4 changes

Account `WR8-9K6-7Z5Z` in region `in1`, state serial 3

Chosen by `--target attribute=MSG-*`, `--target identity=~76fdf2a2`, `--exclude \
cohort=vip`

- 1 of 1,200 known profiles updated (0.1%)
- 788 of 1,200 known profiles unchanged (65.7%)
- 1 record in 1 call, about 1 s

| Attribute | `set` |
| --- | ---: |
| `Plan` | 1 |

Left out here: 1 of 1 changes; `ctsync show FILE --all` shows them.

Digest `sha256:{ZEROS}`

To apply what was reviewed: `ctsync apply FILE --expect-digest sha256:{ZEROS}`, where \
FILE is what `ctsync plan --out FILE` wrote.
"""


def sections_of(text):
    """Give title, count and diff lines of every fold."""
    fold = re.compile(
        r"<summary>([^<:]+): ([0-9,]+)</summary>\n\n```diff\n(.*?)```", re.DOTALL
    )
    return [
        (title, int(count.replace(",", "")), diff.splitlines())
        for title, count, diff in fold.findall(text)
    ]


@pytest.fixture
def markdown(whole):
    return lambda view, **style: whole("markdown", view, **style)


@pytest.fixture
def mixed(a, jack):
    """One change of every risk, and one that only releases."""
    counter = a.operation("Points", "$incr", 3, kind="counter", before=1, after=4)
    flag = a.operation("MSG-email", kind="subscription", operand=True)
    doubt = a.operation(prior="uncertain", since="run-7", before="Free")
    return (
        a.change("counter", counter),
        a.change("gone", action="release", released=("Old Plan",)),
        jack,
        a.change("new", a.operation(), action="create"),
        a.change("optin", flag, opt_in=True),
        a.change("plain", a.operation(before="Free")),
        a.change("unsure", doubt),
    )


@pytest.fixture
def finding():
    message, hint = "keys differ only in case", "use one spelling"
    return Diagnostic("warning", "CT312", message, hint, "specs/a.yaml", 4, 2)


@pytest.fixture
def rules(a):
    return (
        a.rule(
            rule="limits.update", limit="30%", actual=412, accept="--accept update=412"
        ),
        a.rule(rule="locked", limit="0", actual=1, accept=None),
    )


def test_a_plan_without_changes_says_so(a, markdown):
    assert markdown(a.view()) == EMPTY


def test_a_first_run_says_so_and_how_to_apply_it(a, markdown):
    creates = [
        a.change(
            f"u{n}",
            a.operation(),
            a.operation("Level", kind="number", operand=n, prior="unknown"),
            action="create",
        )
        for n in (1, 2)
    ]
    view = a.view(
        *creates,
        first_run=True,
        base=Base(),
        environment="prod",
        project="crm",
        profiles={"entries": 0, "unchanged": 0},
    )
    assert markdown(view) == FIRST


def test_every_sort_of_change_has_its_place(a, markdown, mixed, finding):
    view = a.view(
        *mixed,
        diagnostics=(finding,),
        diagnostic_totals={"CT312": 30},
        profiles={"undeclared": 12, "skipped": 3},
        summary={"once_held": 3, "records": 1443, "calls": 16},
    )
    assert markdown(view) == MIXED


def test_a_blocked_plan_names_its_rules_and_what_lifts_them(a, markdown, rules):
    view = a.view(
        a.change("plain", a.operation(before="Free")),
        blocked=rules,
        profiles={"update": 412},
        accepted={"opt_in": 1},
        sandbox=True,
    )
    assert markdown(view) == BLOCKED


def test_a_partial_plan_says_what_chose(a, markdown):
    view = a.view(
        a.change("plain", a.operation(before="Free")),
        targets=("attribute=MSG-*", "identity=j@x.de"),
        excludes=("cohort=vip",),
        left_out=3,
    )
    assert markdown(view, summary_only=True) == PARTIAL


@pytest.mark.parametrize("name", ["EMPTY", "FIRST", "MIXED", "BLOCKED", "PARTIAL"])
def test_every_page_is_read_as_it_is_meant(name):
    tokens = MarkdownIt("commonmark").enable("table").parse(globals()[name])
    sorts = Counter(token.type for token in tokens)
    folds = globals()[name].count("<details>")
    assert sorts["html_block"] == 1 + 2 * folds
    pasted = sum(token.info == "yaml" for token in tokens)
    assert sorts["fence"] == folds + pasted
    assert sorts["heading_open"] == 1
    assert sorts["table_open"] == (name != "EMPTY")
    # Two lists that touch would be read as one.
    assert sorts["bullet_list_open"] == 1 + (name in {"BLOCKED", "MIXED"})
    assert sorts["paragraph_open"] < 40


def test_all_that_is_special_stands_in_one_verdict(a, markdown, rules):
    change = a.change("u", a.operation(), action="create")
    view = a.view(
        change, blocked=rules[:1], first_run=True, targets=("file=a*",), left_out=1
    )
    verdict = "### ctsync plan: BLOCKED by 1 rule, FIRST RUN, PARTIAL: 1 of 2 changes"
    assert verdict in markdown(view).splitlines()


def test_the_marker_is_the_first_line_and_cannot_be_ended_from_within(a, markdown):
    view = a.view(project="a--b>", environment="-->", account=Account("X", "in1"))
    first = markdown(view).splitlines()[0]
    assert first == (
        f"<!-- ctsync:plan project=a-%2Db%3E env=-%2D%3E digest=sha256:{ZEROS} -->"
    )


def test_the_command_to_apply_can_be_pasted_whatever_the_environment(a, markdown):
    view = a.view(a.change("u", a.operation()), environment="eu west")
    assert f"--expect-digest sha256:{ZEROS} --env 'eu west'`" in markdown(view)


def test_a_sandbox_needs_no_first_run(a, markdown):
    view = a.view(a.change("u", a.operation()), first_run=True, sandbox=True)
    assert f"sha256:{ZEROS} --sandbox`" in markdown(view)
    assert "--first-run" not in markdown(view)


def test_lineage_stays_out(a, markdown, mixed):
    assert "lineage-1" not in markdown(a.view(*mixed))


def test_shares_are_left_out_where_they_mean_nothing(a, markdown):
    view = a.view(profiles={"entries": 2, "update": 412, "unchanged": 0})
    assert "\n- 412 known profiles updated\n" in markdown(view)


def test_the_table_shows_the_largest_attributes_first(a, markdown):
    operations = [a.operation(f"A{n:02}") for n in range(25)]
    changes = [a.change(f"u{n}", *operations[n:]) for n in range(25)]
    text = markdown(a.view(*changes))
    rows = re.findall(r"^\| `(A\d\d)` \| (\d+) \|$", text, re.MULTILINE)
    assert rows == [(f"A{n:02}", str(n + 1)) for n in range(24, 4, -1)]
    assert "… and 5 more attributes; `ctsync show FILE --all` shows them." in text


def test_findings_are_bounded_by_code_and_by_room(a, markdown, finding):
    codes = [f"CT{n}" for n in range(100, 140)]
    findings = [
        replace(finding, code=code, line=n, message="é" * 300)
        for code in codes
        for n in range(30)
    ]
    view = a.view(
        diagnostics=tuple(findings), diagnostic_totals=dict.fromkeys(codes, 30)
    )
    text = markdown(view)
    assert "<summary>1,200 warnings</summary>" in text
    (more,) = re.findall(r"^… and (\d+) more lines; `ctsync", text, re.MULTILINE)
    shown = text.count(": warning CT")
    assert shown + int(more) == 40 * 21
    assert size(text) < 10_000


def test_many_selectors_are_counted(a, markdown):
    view = a.view(targets=tuple(f"identity=u{n}" for n in range(1234)), left_out=1)
    assert "`--target identity=u9` and 1,224 more\n" in markdown(view)


def test_a_long_change_keeps_what_is_risky_and_counts_the_rest(a, markdown):
    operations = [a.operation(f"A{n:03}", operand="x" * 90) for n in range(200)]
    gone = a.operation("Z", "$delete", 1, before="x", after=None)
    change = a.change("u", *operations, gone)
    ((_, _, lines),) = sections_of(markdown(a.view(change)))
    assert lines[1].startswith("- Z     $delete")
    assert size("\n".join(lines)) < 4_500
    (left,) = re.findall(r"^# … and (\d+) more of this profile$", lines[-1])
    assert len(lines) - 2 + int(left) == 201


def test_a_summary_shows_no_single_change(a, markdown, mixed):
    text = markdown(a.view(*mixed), summary_only=True)
    assert "<details>" not in text
    assert "Left out here: 7 of 7 changes" in text


@pytest.fixture
def many(a, mixed):
    """Give a plan of many changes that are made as they are asked for."""

    def changes(count):
        for number in range(count):
            change = mixed[number % len(mixed)]
            yield replace(change, key=change.key._replace(id=f"u{number:07}"))

    return lambda count: a.view(
        changes=lambda: changes(count), profiles={"update": count}
    )


def test_a_hundred_thousand_changes_fit_and_are_counted(markdown, many):
    text = markdown(many(100_000))
    assert 50_000 < size(text) <= 60_000
    sections = sections_of(text)
    assert [title for title, _, _ in sections] == [
        title for title in TITLES.values() if "Locked" not in title
    ]
    assert sum(count for _, count, _ in sections) == 100_000
    shown = 0
    for _, count, lines in sections:
        heads = sum(line.startswith("@@ ") for line in lines)
        assert heads > 5
        assert f"… and {count - heads:,} more; `ctsync show FILE --all`" in text
        shown += heads
    left = f"Left out here: {100_000 - shown:,} of 100,000 changes;"
    assert left in text
    assert "\n| `Plan` | 57,142 | . |" in text


def test_what_is_kept_does_not_grow_with_the_plan(many):
    def peak(count):
        tracemalloc.start()
        for _ in RENDERER.render(many(count), Style()):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(100)
    assert peak(20_000) < 1.5 * peak(10_000) < 4_000_000


def test_one_walk_is_enough(a, markdown, jack):
    walks = []

    def changes():
        walks.append(1)
        return iter([jack])

    markdown(a.view(jack, changes=changes, survey=ChangeStatistics.of([jack])))
    assert walks == [1]


def test_a_summary_walks_over_no_change(a, markdown, jack):
    def changes():
        raise AssertionError

    view = a.view(jack, changes=changes, survey=ChangeStatistics.of([jack]))
    assert "| `Plan` | 1 |" in markdown(view, summary_only=True)


def test_no_more_changes_are_read_than_a_page_has_room_for(a, markdown, jack):
    read = []

    class Line:
        traits = traits_of(jack)

        def change(self):
            read.append(1)
            return jack

    many = ChangeStatistics(traits=Counter({traits_of(jack): 100_000}))
    view = a.view(jack, survey=many, unread=lambda: (Line() for _ in range(100_000)))
    assert "Profiles that lose a value: 100,000" in markdown(view)
    assert len(read) < 200


@pytest.mark.parametrize(
    ("needs", "room", "shares"),
    [
        ([], 10, []),
        ([5, 5], 10, [5, 5]),
        ([9, 1], 10, [9, 1]),
        ([1, 9], 10, [1, 9]),
        ([9, 9, 1], 10, [6, 3, 1]),
        ([99, 99], 11, [6, 5]),
    ],
)
def test_room_is_shared_and_the_first_get_what_is_spare(needs, room, shares):
    assert share_room(needs, room) == shares
    assert sum(shares) <= room


def test_who_is_named_nowhere_can_be_looked_up(a, whole):
    said = "To see who is named nowhere: `ctsync state list --undeclared --env prod`\n"
    view = a.view(profiles={"undeclared": 3}, environment="prod")
    assert whole("markdown", view).endswith(said)
    assert "named nowhere" not in whole("markdown", a.view(environment="prod"))
