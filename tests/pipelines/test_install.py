"""ctsync is installed once a job, from where the workflow says."""

from pathlib import Path

import pytest

ACTION = Path(__file__).parents[2] / ".github/actions/ctsync"
FAKE = """
if [ "$1" = -c ]; then exit ${OLD:-0}; fi
if [ "$2" = venv ]; then
  mkdir -p "$3/bin"
  printf '#!/bin/sh\\nfor word in "$@"; do echo "[$word]"; done\\n' >"$3/bin/python"
  chmod +x "$3/bin/python"
  exit 0
fi
"""


@pytest.fixture
def install(runner):
    tools = runner.folder / "tools"
    tools.mkdir()
    python = tools / "python3"
    python.write_text("#!/bin/sh\n" + FAKE)
    python.chmod(0o755)
    path = f"{tools}:{runner.variables['PATH']}"

    def run(version="", at="install.sh", **variables):
        more = {"PATH": path, "CTSYNC_ACTION_VERSION": version}
        return runner.script(str(at), **(more | variables))

    return run


def test_by_default_it_comes_with_the_action(install):
    ended = install()
    assert ended.code == 0
    requirement = Path(ended.out.splitlines()[-1].strip("[]"))
    assert (requirement / "pyproject.toml").is_file()


def test_a_copy_in_another_repository_has_to_be_told(install, runner):
    copied = runner.folder / ".github/actions/ctsync/install.sh"
    copied.parent.mkdir(parents=True)
    copied.write_text((ACTION / "install.sh").read_text())
    ended = install(at=copied)
    assert ended.code == 1
    assert "give its input version" in ended.out
    assert install("ctsync==1.2.0", at=copied).out.endswith("[ctsync==1.2.0]\n")


@pytest.mark.parametrize("version", ["ctsync==1.2.0", "-r evil.txt", "$(touch pwned)"])
def test_a_requirement_is_never_an_option_or_a_command(install, version):
    ended = install(version)
    assert ended.out.splitlines()[-2:] == ["[--]", f"[{version}]"]


def test_a_second_use_in_a_job_installs_nothing(install):
    assert install("ctsync==1.2.0").out != ""
    assert install("ctsync==1.2.0").out == ""
    assert install("ctsync==1.3.0").out != ""


def test_an_old_python_is_named(install):
    ended = install(OLD="1")
    assert ended.code == 1
    assert "Python 3.11" in ended.out
