import re
from collections import Counter

import pytest
from msgspec.structs import replace

from ctsync.diagnostics import Diagnostic
from ctsync.model.change_statistics import TRAITS, ChangeStatistics, risk_of, traits_of
from ctsync.model.masking import Mask
from ctsync.model.operation import OPERATORS
from ctsync.model.snapshot import Account, Base
from ctsync.render.operation_table import table_lines
from ctsync.render.riskiest_changes import riskiest
from ctsync.render.summary_text import percent_words
from ctsync.render.text_width import columns_of

EVERY_SORT = """\
Account WR8-9K6-7Z5Z in region in1, state serial 3

  ~ identity 1189549                               people/jack.yaml:3 and 1 more
    ~ Account Manager  (sensitive) -> (sensitive)                            set
    + Birthday         1990-02-20                                            set
    - Gender           "M"                                               $delete
    ~ Interests        - "hats"                                  $remove, step 1
    ~ Interests        + "shoes"                                    $add, step 2
                       (values that ctsync does not know stay)
    ~ Level            (unknown) -> 120                                      set
    ~ Points           100 -> 120                                       $incr 20
    ~ Plan             "Free" -> "Gold"                                      set
    ~ Score            (uncertain since run run-7) -> 1.5                    set
    ~ Vegan            false -> true                                         set
    . Old Plan         released (kept on the platform, forgotten here)

Attribute        set  $add  $remove  $incr  $delete  release
Account Manager    1     .        .      .        .        .
Birthday           1     .        .      .        .        .
Gender             .     .        .      .        1        .
Interests          .     1        1      .        .        .
Level              1     .        .      .        .        .
Old Plan           .     .        .      .        .        1
Plan               1     .        .      .        .        .
Points             .     .        .      1        .        .
Score              1     .        .      .        .        .
Vegan              1     .        .      .        .        .

1,200 profiles in the state, 788 unchanged
profiles that lose a value: 1
Digest sha256:0000000000000000000000000000000000000000000000000000000000000000
Plan: 0 to create, 1 to update, 0 to release; 1 record in 1 call, about 1 s
"""

SPECIAL = """\
Account WR8-9K6-7Z5Z in region in1, endpoint http://127.0.0.1:8765, environment \
prod, state serial 0
SANDBOX: simulation of documented behaviour
FIRST RUN: there is no state yet, so every profile is new to it
and percentages of the policy do not apply
Limits set for this plan: --accept opt_in=1
PARTIAL: 1 of 3 changes (--target attribute=MSG-* --exclude cohort=vip)

  + objectId 25b08803c1af                                     people/jack.yaml:3
    + MSG-email  true                                                        set

Attribute  set
MSG-email    1

specs/a.yaml:4:2: warning CT312 keys differ only in case (use one spelling)
1 warning
"ctsync explain CT312" tells more; all codes: specs/README.md#diagnostic-codes

PLAN BLOCKED by 2 rules; it cannot be applied
  limits.update is 30%, this plan has 412 of 1,200 (--accept update=412 allows it)
  locked: 1 change of locked values (if meant, change write: in the catalog first)
To have this one plan let pass by review, write into ctsync.yaml:
  policy: {accept: {update: 412}}

OPT-IN: 1 profile is opted in to messages
1,200 profiles in the state, 788 unchanged
profiles in the state that no place names: 12
values held back because they are written once: 3
Digest sha256:0000000000000000000000000000000000000000000000000000000000000000
Plan: 1 to create, 0 to update, 0 to release; 443 records in 6 calls, about 3 s
"""


def test_every_sort_of_operation_has_its_line(a, text, jack):
    assert text(a.view(jack)) == EVERY_SORT


def test_whatever_is_special_about_a_plan_is_said(a, text):
    opt_in = a.operation(
        "MSG-email", kind="subscription", operand=True, prior="unknown"
    )
    change = a.change(
        "25b08803c1af", opt_in, action="create", id_type="objectId", opt_in=True
    )
    message, hint = "keys differ only in case", "use one spelling"
    finding = Diagnostic("warning", "CT312", message, hint, "specs/a.yaml", 4, 2)
    view = a.view(
        change,
        account=Account("WR8-9K6-7Z5Z", "in1", "http://127.0.0.1:8765"),
        base=Base(),
        environment="prod",
        sandbox=True,
        first_run=True,
        accepted={"opt_in": 1},
        targets=("attribute=MSG-*",),
        excludes=("cohort=vip",),
        left_out=2,
        blocked=(
            a.rule(
                rule="limits.update",
                limit="30%",
                actual=412,
                accept="--accept update=412",
            ),
            a.rule(rule="locked", limit="0", actual=1, accept=None),
        ),
        diagnostics=(finding,),
        diagnostic_totals={"CT312": 1},
        profiles={"undeclared": 12},
        summary={"once_held": 3, "records": 443, "calls": 6},
    )
    assert text(view) == SPECIAL


def test_an_empty_plan_says_so_in_its_last_line(a, text):
    assert text(a.view()).splitlines()[-1] == (
        "No changes. 788 profiles are as declared."
    )


def test_a_summary_shows_counts_and_no_change(a, text, jack):
    shown = text(a.view(jack), summary_only=True)
    assert "1189549" not in shown
    assert "--all" not in shown
    assert "\nInterests          .     1        1  " in shown


def test_a_summary_of_any_plan_is_one_screen(a, text):
    """Everything that can be said is said, of everything as many as there can be."""
    million = 10**6
    operations = Counter(
        {(f"A{n:03}{'x' * 100}", op): million for n in range(256) for op in OPERATORS}
    )
    codes = [f"CT{n}" for n in range(100, 140)]
    names = ("create", "update", "remove", "opt_in", "skip")
    rules = [
        a.rule(
            rule=f"limits.{name}",
            limit="30%",
            actual=million,
            accept=f"--accept {name}={million}",
        )
        for name in names
    ]
    counts = dict.fromkeys(
        ("entries", "create", "update", "release", "remove", "undeclared",
         "unchanged", "skipped"), 9 * million,
    )  # fmt: skip
    view = a.view(
        changes=lambda: iter(()),
        survey=ChangeStatistics(operations, Counter({1: million})),
        base=Base("lineage-1", million),
        account=Account("WR8-9K6-7Z5Z", "in1", "http://127.0.0.1:8765"),
        environment="staging",
        first_run=True,
        sandbox=True,
        verified="ends",
        accepted=dict.fromkeys(names, million),
        targets=tuple(f"identity=u{n}" for n in range(1000)),
        blocked=(*rules, a.rule(rule="locked", limit="0", actual=million, accept=None)),
        diagnostics=tuple(Diagnostic("warning", code, "m" * 300) for code in codes),
        diagnostic_totals=dict.fromkeys(codes, million),
        profiles=counts,
        summary=dict.fromkeys(("opt_in", "once_held", "records", "calls"), million),
    )
    shown = text(view, summary_only=True)
    rows = sum(max(1, -(-columns_of(line) // 80)) for line in shown.splitlines())
    assert 24 <= rows <= 50
    assert re.search(r"… and 25\d more attributes \(--all shows them\)", shown)
    assert "… and 36 more codes" in shown
    assert "Counts as they were saved and sealed; the changes were not read." in shown


def test_an_ordinary_summary_is_half_a_screen(a, text, jack):
    assert len(text(a.view(jack), summary_only=True).splitlines()) <= 24


def test_a_summary_reads_no_change(a, text, jack):
    def changes():
        raise AssertionError

    view = a.view(jack, changes=changes, survey=ChangeStatistics.of([jack]))
    assert "Interests" in text(view, summary_only=True)


def test_only_what_is_shown_is_read(a, text, jack):
    read = []

    class Line:
        traits = traits_of(jack)

        def change(self):
            read.append(1)
            return jack

    many = ChangeStatistics(traits=Counter({Line.traits: 1000}))
    view = a.view(jack, survey=many, unread=lambda: (Line() for _ in range(1000)))
    assert "… and 950 more (--all shows them)" in text(view)
    assert len(read) == 50


def test_fifty_changes_are_shown_and_the_rest_counted(a, text):
    changes = [a.change(f"u{n:03}", a.operation()) for n in range(412)]
    shown = text(a.view(*changes))
    assert shown.count("~ identity") == 50
    assert "\n  … and 362 more (--all shows them)\n" in shown


def test_all_shows_every_change_in_the_order_of_the_plan(a, text):
    changes = [a.change(f"u{n:03}", a.operation()) for n in range(60)]
    lines = text(a.view(*changes), everything=True).splitlines()
    keys = [line.split()[2] for line in lines if "~ identity" in line]
    assert keys == [f"u{n:03}" for n in range(60)]
    assert "--all" not in "\n".join(lines)


def test_a_narrowed_view_counts_what_it_shows(a, text, jack):
    whole = a.view(
        jack, profiles={"update": 9}, targets=("action=update",), left_out=2, hidden=8
    )
    shown = text(whole)
    assert "PARTIAL: 1 of 11 changes (--target action=update)" in shown
    assert "--all" not in shown


def test_the_riskiest_changes_come_first_then_keys(a):
    changes = [
        a.change("gone", action="release", released=("Old Plan",)),
        a.change("rest", a.operation(before="Free")),
        a.change("fixed", a.operation("Email", before="x"), locked=("Email",)),
        a.change("doubt", a.operation(prior="uncertain")),
        a.change("count", a.operation("Points", "$decr", 2, before=3, after=1)),
        a.change("opt", a.operation("MSG-sms"), opt_in=True),
        a.change("new", a.operation(prior="unknown"), action="create"),
        a.change("loss-b", a.operation("Gender", "$delete", 1, before="M")),
        a.change("loss-a", a.operation("Tags", "$remove", ("x",), before=("x",))),
    ]
    shown = riskiest(a.view(*sorted(changes, key=lambda change: change.key)))
    assert [change.key.id for change in shown] == [
        "opt", "fixed", "loss-a", "loss-b", "new", "count", "doubt", "rest", "gone",
    ]  # fmt: skip
    risks = dict.fromkeys(TRAITS[risk_of(traits_of(change))] for change in shown)
    assert [*risks] == [*TRAITS]


def test_once_all_that_is_shown_is_found_no_more_changes_are_read(a):
    """Of a million changes that are alike, the first few are all that is read."""
    changes = [a.change(f"u{n}", a.operation(before="Free")) for n in range(9)]
    opting = a.change("o", a.operation("MSG-sms"), opt_in=True)
    read = []

    def stream():
        for change in (*changes[:4], opting, *changes[4:]):
            read.append(change)
            yield change

    view = replace(a.view(opting, *changes), changes=stream)
    assert riskiest(view, 3) == [opting, *changes[:2]]
    assert len(read) == 5


def test_no_line_of_a_change_is_wider_than_the_terminal(a, text):
    operations = (
        a.operation("Bio", operand="x" * 600, before="y" * 600),
        a.operation("N" * 120, operand="名" * 100, before="short"),
        a.operation("Tags", "$add", tuple("abcdefgh" * 9), kind="list", certain=False),
    )
    shown = text(a.view(a.change("i" * 60, *operations)))
    assert max(map(columns_of, shown.splitlines())) <= 80


def test_verbose_cuts_no_value(a, text):
    change = a.change("u", a.operation("Bio", operand="x" * 600, before="y" * 600))
    shown = text(a.view(change), verbose=True)
    assert f'"{"y" * 600}" -> "{"x" * 600}"' in shown


def test_a_long_value_is_cut_at_an_ellipsis(a, text):
    shown = text(a.view(a.change("u", a.operation("Bio", operand="x" * 600))))
    (line,) = [line for line in shown.splitlines() if "+ Bio" in line]
    assert line == f'    + Bio  "{"x" * 62}…  set'
    assert len(line) == 80


def test_creations_are_new_without_a_word_on_what_was_unknown(a, text):
    new = a.operation(prior="unknown")
    shown = text(a.view(a.change("u", new, action="create")))
    assert '    + Plan  "Gold"' in shown
    assert "(unknown)" not in shown


def test_an_uncertain_list_says_since_when(a, text):
    change = a.change(
        "u",
        a.operation("Tags", "$add", ("a",), kind="list", prior="uncertain", since="r9"),
    )
    assert "(uncertain since run r9)" in text(a.view(change))


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ("$D_0", "1970-01-01"),
        ("$D_-86400", "1969-12-31"),
        ("$D_99999999999999", "$D_99999999999999"),
        ("soon", '"soon"'),
    ],
)
def test_dates_are_shown_in_utc(a, text, form, shown):
    change = a.change("u", a.operation("Renewal", kind="date", operand=form))
    assert f"+ Renewal  {shown} " in text(a.view(change))


def test_a_date_that_becomes_text_is_shown_as_the_date_it_was(a, text):
    """Text that begins with $D_ is never sent, so it was a date (CT208)."""
    change = a.change("u", a.operation("Note", before="$D_0", operand="none"))
    assert '1970-01-01 -> "none"' in text(a.view(change))


def test_dates_stand_in_the_projects_zone(a, whole):
    days = a.operation("Renewal", kind="date", before="$D_1806431400", operand="$D_0")
    view = a.view(a.change("u", days), mask=Mask("l", timezone="Asia/Kolkata"))
    for name in ("text", "markdown", "html"):
        shown = whole(name, view)
        assert "2027-03-31" in shown, name
        assert "1970-01-01T05:30:00+05:30" in shown, name
        assert "$D_" not in shown, name


def test_colour_changes_no_word(a, text, jack):
    view = a.view(jack, sandbox=True, first_run=True)
    coloured = text(view, colour=True)
    assert "\x1b[1mPlan: " in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == text(view)


def test_only_the_summary_is_bold(a, text, jack):
    assert text(a.view(jack), colour=True).count("\x1b[1m") == 1


def test_the_table_of_attributes_is_bounded_unless_all(a, text):
    operations = [a.operation(f"A{n:03}") for n in range(45)]
    view = a.view(a.change("u", *operations))
    assert "… and 5 more attributes (--all shows them)" in text(view)
    assert "more attributes" not in text(view, everything=True)


def test_names_of_one_family_stay_apart_in_a_narrow_table(a, text):
    names = [f"subscriptions.email.Newsletters {n}" for n in "AB"]
    counts = Counter(
        {(name, op): 1 for name in names for op in (*OPERATORS, "release")}
    )
    _, *rows = table_lines(counts, 80)
    assert [row.split("  ")[0] for row in rows] == [
        "subscriptions….Newsletters A",
        "subscriptions….Newsletters B",
    ]


def test_durations_are_said_as_people_do():
    from ctsync.render.summary_text import duration_words

    said = [duration_words(seconds) for seconds in (0, 3, 119, 300, 9000)]
    assert said == ["1 s", "3 s", "119 s", "5 min", "2.5 h"]


@pytest.mark.parametrize(
    ("count", "whole", "words"),
    [
        (0, 5, "0.0%"),
        (1, 1_000_000, "<0.1%"),
        (412, 1200, "34.3%"),
        (999_999, 1_000_000, ">99.9%"),
        (5, 5, "100.0%"),
    ],
)
def test_some_is_never_shown_as_none_nor_most_as_all(count, whole, words):
    assert percent_words(count, whole) == words


def test_numbers_are_grouped_by_thousands(a, whole):
    thousand = [a.change(f"u{n:04}", a.operation(before="F")) for n in range(1234)]
    view = a.view(
        *thousand,
        digest=f"sha256:{'ab' * 32}",
        profiles={"entries": 5678, "unchanged": 4444, "undeclared": 2345},
        summary={"records": 1234, "calls": 1300},
        blocked=(
            a.rule(rule="limits.update", limit="5%", actual=1234, accept="--accept x"),
        ),
    )
    for name in ("text", "markdown", "html"):
        shown = re.sub(r'(?s)<(script|style).*?</\1>|"[^"]*"', "", whole(name, view))
        assert {"1,234", "5,678", "4,444", "2,345"} <= {*re.findall(r"[\d,]+\d", shown)}
        shown = shown.replace("update: 1234}", "")  # as the project file takes it
        assert not re.search(r"(?<![\w:.])\d{4,}(?![\w.])", shown), name


def test_a_first_run_counts_nothing_of_nothing(a, whole):
    new = a.change("u", a.operation(), action="create")
    counts = {"entries": 0, "unchanged": 0}
    view = a.view(new, profiles=counts, first_run=True)
    for name in ("text", "markdown", "html"):
        shown = whole(name, view)
        assert "of 0" not in shown, name
        assert "known" not in re.sub(r"(?s)<(script|style).*?</\1>", "", shown), name
    assert "of 0" not in whole("html", a.view(profiles=counts))


def test_what_is_locked_names_itself_and_no_option(a, text):
    view = a.view(
        a.change("u", a.operation()),
        blocked=(a.rule(rule="locked", limit="0", actual=2, accept=None),),
        diagnostics=tuple(
            Diagnostic("warning", "CT401", "m", attribute=name)
            for name in ("Email", "Code")
        ),
        diagnostic_totals={"CT401": 2},
    )
    line = next(x for x in text(view).splitlines() if x.startswith("  locked: "))
    assert line.startswith("  locked: 2 changes of locked values: Code and Email (if")
    assert "--accept" not in line
