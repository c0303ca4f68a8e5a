"""Whatever a sealed journal says, commands answer it or refuse it, and never break."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("forging_journals.py")


def test_a_hundred_forged_journals_break_no_command(tmp_path):
    """`python tests/security/forging_journals.py 1000` tries as many as one likes."""
    environment = {**os.environ, "PYTHONPATH": str(SCRIPT.parents[2])}
    ended = subprocess.run(
        [sys.executable, str(SCRIPT), "100", "3"],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.startswith("100 forged journals")
    assert "apply 3" in ended.stdout  # some are as runs leave them
