"""Whatever is edited in a saved plan, nothing is sent, kept or counted but as shown."""

from __future__ import annotations


def test_hundreds_of_forged_plans_do_nothing_that_they_do_not_show(offered):
    """`python tests/security/forging.py 10000` tries as many as one likes."""
    said = offered("forging.py", "300", "7")
    assert said.startswith("300 forged plans")
    assert "sent as shown" in said
