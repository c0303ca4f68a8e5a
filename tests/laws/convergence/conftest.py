"""The trial that the soak drives by chance is driven here by Hypothesis."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "soak"))


@pytest.fixture(autouse=True)
def _no_power_cuts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the disk: here processes end, machines do not."""
    monkeypatch.setattr("os.fsync", lambda _: None)
