"""ctsync is installed once a job, from where the workflow says."""

import re
from pathlib import Path

import pytest

ACTION = Path(__file__).parents[2] / ".github/actions/ctsync"
FAKE = """
if [ "$1" = -c ]; then exit ${OLD:-0}; fi
if [ "$2" = venv ]; then
  mkdir -p "$3/bin"
  printf '#!/bin/sh\\nenv\\n' >"$3/bin/python"
  printf 'for word in "$@"; do echo "[$word]"; done\\n' >>"$3/bin/python"
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
    assert "give its input requirements or version" in ended.out
    assert install("ctsync==1.2.0", at=copied).out.endswith("[ctsync==1.2.0]\n")


@pytest.mark.parametrize("version", ["ctsync==1.2.0", "-r evil.txt", "$(touch pwned)"])
def test_a_requirement_is_never_an_option_or_a_command(install, version):
    ended = install(version)
    assert ended.out.splitlines()[-2:] == ["[--]", f"[{version}]"]


def test_a_second_use_in_a_job_installs_nothing(install):
    assert install("ctsync==1.2.0").out != ""
    assert install("ctsync==1.2.0").out == ""
    assert install("ctsync==1.3.0").out != ""


SECRETS = {
    "CLEVERTAP_PASSCODE": "CANARY",
    "STATE_URL": "CANARY",
    "AWS_SECRET": "CANARY",
}


def test_hashes_are_required_and_nothing_is_built(install, runner):
    (runner.folder / "locked.txt").write_text("ctsync==1 --hash=sha256:00\n")
    ended = install(CTSYNC_ACTION_REQUIREMENTS="locked.txt")
    words = re.findall(r"\[(.*)\]", ended.out)
    assert words[-5:] == [
        "--require-hashes", "--only-binary", ":all:", "--requirement", "locked.txt",
    ]  # fmt: skip
    assert install(CTSYNC_ACTION_REQUIREMENTS="locked.txt").out == ""
    assert install().out == ""  # a later step of the job has what it needs
    (runner.folder / "locked.txt").write_text("ctsync==2 --hash=sha256:11\n")
    assert install(CTSYNC_ACTION_REQUIREMENTS="locked.txt").out != ""


def test_without_the_file_of_hashes_nothing_is_installed(install):
    ended = install(CTSYNC_ACTION_REQUIREMENTS="locked.txt")
    assert ended.code == 1
    assert "locked.txt is missing; requirements-ctsync.in says how" in ended.out


@pytest.mark.parametrize("version", ["", "ctsync==1.2.0"])
def test_pip_gets_no_secret_of_the_job(install, version):
    ended = install(version, **SECRETS, PIP_INDEX_URL="https://mirror.example")
    assert ended.code == 0
    assert "CANARY" not in ended.out
    assert "PIP_INDEX_URL=https://mirror.example" in ended.out


def test_an_old_python_is_named(install):
    ended = install(OLD="1")
    assert ended.code == 1
    assert "Python 3.11" in ended.out
