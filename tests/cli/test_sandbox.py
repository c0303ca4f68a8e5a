"""`ctsync sandbox`: its door for SFTP, as the command line asks for it."""

import asyncio
import json
import re
import signal
import subprocess
import sys
import urllib.request

import asyncssh
import pytest

MANIFEST = {
    "fileName": "a.csv",
    "type": "profile",
    "clientEmail": "ops@example.com",
    "columns": {"identity": {"ctName": "identity"}, "Plan": {"ctName": "Plan"}},
}


@pytest.fixture
def served(tmp_path):
    """Start `ctsync sandbox`; give its address and what it says. Ends it."""
    running = []

    def start(*words):
        process = subprocess.Popen(
            [sys.executable, "-m", "ctsync", "sandbox", "--port", "0", *words],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        url = process.stdout.readline().strip()
        said = ""
        while "Ctrl-C" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        return url, said

    yield start
    for process in running:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        process.stdout.close()
        process.stderr.close()


def get(url):
    with urllib.request.urlopen(url) as reply:
        return reply.read().decode()


def put(door, *files):
    """Put files as the address and the key that were shown have it."""

    async def run():
        async with (
            asyncssh.connect(
                door["host"],
                door["port"],
                username=door["user"],
                client_keys=[door["key"]],
                known_hosts=None,
                config=None,
                agent_path=None,
            ) as ssh,
            ssh.start_sftp_client() as sftp,
        ):
            key = ssh.get_server_host_key()
            assert key.get_fingerprint() == door["fingerprint"]
            for name, content in files:
                async with sftp.open(name, "w") as file:
                    await file.write(content)

    asyncio.run(run())


def test_files_that_are_put_end_in_the_profiles(served):
    words = ("--account", "TEST-1", "--sftp-port", "0", "--sftp-dir", "door")
    url, said = served(*words, "--import-delay", "3600", "--fault", "import-silent=1")
    door = json.loads(get(f"{url}/sandbox/sftp"))
    shown = re.search(r"port: (\d+), user: (\S+), key: (\S+)door/client_key", said)
    assert (int(shown[1]), shown[2]) == (door["port"], "TEST-1")
    assert f'fingerprint: "{door["fingerprint"]}"' in said
    put(
        door,
        ("a.csv", "identity,Plan\nu1,Gold\n"),
        ("a.manifest", json.dumps(MANIFEST)),
    )
    assert get(f"{url}/sandbox/profiles") == ""
    hurry = urllib.request.Request(f"{url}/sandbox/imports", method="POST")
    with urllib.request.urlopen(hurry) as reply:
        done = json.loads(reply.read())
    assert (done["fault"], done["report"]) == ("silent", None)
    assert json.loads(get(f"{url}/sandbox/profiles"))["attributes"] == {"Plan": "Gold"}


def test_without_a_port_there_is_no_door(served):
    _, said = served()
    assert "sftp" not in said.lower()


@pytest.mark.parametrize(
    "words",
    [
        ("--sftp-dir", "door"),
        ("--sftp-key", "own.pub"),
        ("--import-delay", "1"),
        ("--webhook", "http://127.0.0.1:1/"),
        ("--fault", "put-cut=0.5"),
        ("--fault", "import-late=1"),
    ],
)
def test_what_is_about_a_door_asks_for_one(desk, words):
    ended = desk.run("sandbox", "--port", "0", *words)
    assert ended.code == 64
    assert ended.err.startswith(f"error: {words[0]}")
    assert "--sftp-port 0" in ended.err


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--webhook", "http://example.com/"), "on this machine"),
        (("--sftp-key", "none.pub"), "none.pub"),
        (("--sftp-key", "a-file"), "holds no public key"),
        (("--sftp-dir", "a-file/door"), "a-file"),
        (("--import-delay", "-1"), "--import-delay"),
        (("--import-delay", "nan"), "--import-delay"),
        (("--fault", "put-none=1"), "put-cut: takes half"),
    ],
)
def test_a_door_that_cannot_be_made_is_refused(desk, words, named):
    (desk.folder / "a-file").write_text("nothing")
    ended = desk.run("sandbox", "--port", "0", "--sftp-port", "0", *words)
    assert ended.code in {1, 64}
    assert named in ended.err
    assert "Traceback" not in ended.err
