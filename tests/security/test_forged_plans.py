"""Whatever is edited in a saved plan, nothing is sent, kept or counted but as shown."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("forging.py")


def test_hundreds_of_forged_plans_do_nothing_that_they_do_not_show(tmp_path):
    """`python tests/security/forging.py 10000` tries as many as one likes."""
    environment = {**os.environ, "PYTHONPATH": str(SCRIPT.parents[2])}
    ended = subprocess.run(
        [sys.executable, str(SCRIPT), "300", "7"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("300 forged plans")
    assert "sent as shown" in ended.stdout
