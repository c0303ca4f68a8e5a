"""The picture of a report in README.md is of the example, as it looks today.

`python tests/render/browser/test_report.py` draws it anew.
"""

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[3]
PICTURE = ROOT / "specs" / "report.png"
WIDTH, HEIGHT, SCALE = 1120, 1120, 1.25
MOST_BYTES = 200_000


@pytest.fixture
def report(tmp_path):
    """The page of the plan of the example, yesterday's being applied."""
    ignored = shutil.ignore_patterns(".ctsync")
    shutil.copytree(ROOT / "specs", tmp_path / "specs", ignore=ignored)
    variables = {k: v for k, v in os.environ.items() if not k.startswith("CTSYNC")}

    def ctsync(*words):
        return subprocess.run(
            [sys.executable, "-m", "ctsync", "-C", "specs", "--sandbox", *words],
            cwd=tmp_path, env={**variables, "PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip

    ctsync("apply", "--env", "yesterday", "--auto-approve")
    return ctsync("plan", "--format", "html")


def test_the_picture_is_of_the_example(browser, report, request, tmp_path):
    from likeness import looks_otherwise
    from PIL import Image

    browser.open([report])
    browser.emulate(prefers_color_scheme="light")
    drawn = Image.open(io.BytesIO(browser.shot(WIDTH, HEIGHT, scale=SCALE)))
    drawn = drawn.convert("RGB")
    if request.config.getoption("--update-golden"):
        drawn.save(PICTURE, optimize=True)
    kept = Image.open(PICTURE).convert("RGB")
    drawn.save(tmp_path / PICTURE.name)
    assert kept.size == drawn.size
    # The digest is another one each time: it depends on the state's lineage.
    assert looks_otherwise(kept, drawn, cell=30) < 0.02, f"look at {tmp_path}"


def test_the_picture_is_small():
    assert PICTURE.stat().st_size < MOST_BYTES


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-q", "-m", "browser", "--update-golden"]))
