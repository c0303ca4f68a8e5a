"""Whatever a sealed journal says, commands answer it or refuse it, and never break."""

from __future__ import annotations


def test_a_hundred_forged_journals_break_no_command(offered):
    """`python tests/security/forging_journals.py 1000` tries as many as one likes."""
    said = offered("forging_journals.py", "100", "3")
    assert said.startswith("100 forged journals")
    assert "apply 3" in said  # some are as runs leave them
