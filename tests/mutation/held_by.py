"""Which tests hold a room, when nobody names others: quick ones that stay in-process.

A wrong in a process that a test starts is not seen, since only this one has the mutant;
so tests of whole commands count as far as they call them directly.
"""

_WITH_SERVERS = (
    "postgres", "rows_at_once", "tenure", "object_store.py", "object-store", "servers",
    "stores_agree", "test_copy", "read_only_folder",
)  # fmt: skip

HELD_BY: dict[str, tuple[str, ...]] = {
    "kinds": ("tests/kinds", "tests/laws", "tests/project"),
    "apply": ("tests/apply", "tests/outcomes", "tests/security/test_marks.py"),
    "model": ("tests/model", "tests/laws/test_plain_fold.py"),
    "plan": (
        "tests/plan",
        "tests/apply/test_list_ownership.py",
        "tests/apply/test_resume.py",
        "tests/scenarios",
    ),
    # What needs a server would start it for every mutant.
    "state": ("tests/state", f"-knot {' and not '.join(_WITH_SERVERS)}"),
}
