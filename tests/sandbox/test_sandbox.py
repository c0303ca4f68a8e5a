"""The sandbox as a thing to start, stop, and keep on disk."""

import http.client
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from ctsync.sandbox import Sandbox


def test_it_listens_on_loopback_only(client):
    assert urlsplit(client.sandbox.url).hostname == "127.0.0.1"


def test_it_has_no_address_before_it_starts():
    with pytest.raises(RuntimeError, match="call start"):
        _ = Sandbox().url


def test_it_cannot_be_started_twice(client):
    with pytest.raises(RuntimeError, match="already runs"):
        client.sandbox.start()


def test_a_port_in_use_is_an_error_of_the_caller(client):
    port = urlsplit(client.sandbox.url).port
    with pytest.raises(OSError, match="in use"):
        Sandbox(port=port).start()


def test_a_port_can_be_chosen():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Sandbox(port=port) as sandbox:
        assert sandbox.url == f"http://127.0.0.1:{port}"


def test_stopping_twice_is_stopping_once():
    sandbox = Sandbox().start()
    sandbox.stop()
    sandbox.stop()


def test_it_refuses_connections_once_stopped(client):
    address = urlsplit(client.sandbox.url)
    client.sandbox.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address.hostname, address.port))


def test_the_platform_can_be_looked_into_after_the_end_and_served_again(client):
    client.put("u1", {"A": 1})
    url = client.sandbox.url
    client.sandbox.stop()
    assert client.attributes("u1") == {"A": 1}
    assert client.sandbox.start().url == url
    assert client.read(identity="u1")["record"]["profileData"] == {"a": 1}


@pytest.mark.parametrize("fault", ["hang", "slow", "endless", "late"])
def test_it_stops_at_once_whatever_hangs(serve, fault):
    client = serve(slow_seconds=60)
    client.sandbox.script(fault)

    def send():
        with suppress(OSError, http.client.HTTPException):
            client.put("u1", {"A": 1})

    thread = threading.Thread(target=send)
    thread.start()
    while not client.platform.calls:
        time.sleep(0.005)
    begun = time.monotonic()
    client.sandbox.stop()
    thread.join(2)
    assert time.monotonic() - begun < 1
    assert not thread.is_alive()


def test_it_stops_at_once_under_idle_connections(client):
    address = urlsplit(client.sandbox.url)
    with socket.create_connection((address.hostname, address.port)):
        begun = time.monotonic()
        client.sandbox.stop()
        assert time.monotonic() - begun < 1


def test_profiles_outlive_the_sandbox_in_a_file(serve, tmp_path):
    data = tmp_path / "sandbox.db"
    first = serve(data=data)
    first.put("u1", {"Favorite Color": "red", "MSG-email": True})
    first.sandbox.stop()
    second = serve(data=data)
    profile = second.platform.profile("identity", "u1")
    assert profile.attributes == {"Favorite Color": "red"}
    assert profile.flags == {"MSG-email": True}


def test_the_file_and_its_new_folders_are_private(serve, tmp_path):
    data = tmp_path / "a" / "b" / "sandbox.db"
    client = serve(data=data)
    client.put("u1", {"A": 1})
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (data, data.parent)]
    assert modes == [0o600, 0o700]
    assert stat.S_IMODE(data.parent.parent.stat().st_mode) == 0o700
    for beside in data.parent.iterdir():
        assert stat.S_IMODE(beside.stat().st_mode) == 0o600


def test_a_file_that_was_open_to_others_is_closed_to_them(serve, tmp_path):
    data = tmp_path / "sandbox.db"
    data.touch(mode=0o644)
    serve(data=data)
    assert stat.S_IMODE(data.stat().st_mode) == 0o600


def test_two_sandboxes_share_a_file(serve, tmp_path):
    data = tmp_path / "sandbox.db"
    first, second = serve(data=data), serve(data=data)
    first.put("u1", {"N": 1})
    second.put("u1", {"N": {"$incr": 1}})
    assert first.attributes("u1") == {"N": 2}


PROGRAM = """
import sys, pathlib
from ctsync.sandbox import Sandbox
sandbox = Sandbox(data=pathlib.Path(sys.argv[1])).start()
print(sandbox.url, flush=True)
sys.stdin.read()
"""


def test_what_was_answered_survives_a_kill(serve, tmp_path):
    data = tmp_path / "sandbox.db"
    command = [sys.executable, "-c", PROGRAM, str(data)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        url = process.stdout.readline().decode().strip()
        _put(url)
        os.kill(process.pid, signal.SIGKILL)
    assert serve(data=data).attributes("u1") == {"A": 1}


def _put(url):
    import urllib.request

    body = b'{"d":[{"identity":"u1","type":"profile","profileData":{"A":1}}]}'
    headers = {"X-CleverTap-Account-Id": "a", "X-CleverTap-Passcode": "sandbox"}
    request = urllib.request.Request(url + "/1/upload", body, headers)
    with urllib.request.urlopen(request, timeout=5) as response:
        assert response.status == 200


def test_importing_the_package_loads_no_server():
    check = (
        "import ctsync.sandbox, sys;"
        "assert not {'http.server', 'sqlite3', 'random'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", check], check=True)


def test_listing_the_faults_loads_no_server():
    check = (
        "from ctsync.sandbox import FAULTS; import sys; assert FAULTS['lost'];"
        "assert not {'http.server', 'sqlite3'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", check], check=True)


def test_a_name_it_does_not_have_is_an_attribute_error():
    import ctsync.sandbox

    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = ctsync.sandbox.nothing_of_the_kind


def test_it_imports_nothing_else_of_ctsync():
    check = (
        "from ctsync.sandbox import Sandbox; import sys;"
        "own = {m for m in sys.modules if m.startswith('ctsync.')};"
        "assert all(m.startswith('ctsync.sandbox') for m in own), own"
    )
    subprocess.run([sys.executable, "-c", check], check=True)
