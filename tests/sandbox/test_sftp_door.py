"""The door itself: whom it lets in, what happens on the way, what it says after."""

import asyncio
import base64
import gc
import hashlib
import http.server
import json
import stat
import subprocess
import sys
import threading
import time
from contextlib import suppress

import asyncssh
import pytest
from sftp_client import SftpClient, data, manifest

from ctsync.sandbox import IMPORT_FAULTS, TRANSFER_FAULTS, Sandbox, SftpSettings

ROW = data(("u1", "Gold", "$set"))
SAID = manifest("a.csv")


@pytest.fixture
def door(serve):
    return SftpClient(serve(sftp=SftpSettings(late_seconds=0.05)).sandbox)


def attributes(door, identity="u1"):
    profile = door.sandbox.platform.profile("identity", identity)
    return None if profile is None else dict(profile.attributes)


async def names(sftp):
    return sorted(n for n in await sftp.listdir(".") if n not in {".", ".."})


def test_without_settings_there_is_no_door(client):
    with pytest.raises(RuntimeError, match="sftp="):
        _ = client.sandbox.sftp
    assert client.call("GET", "/sandbox/imports").status == 404


def test_keys_and_files_are_private(door):
    door.send(data(("", "Gold", "$set")))
    folder = door.door.folder
    modes = {
        path.relative_to(folder).as_posix(): stat.S_IMODE(path.stat().st_mode)
        for path in (folder, *folder.rglob("*"))
    }
    public = {"host_key.pub", "client_key.pub"}
    assert {"host_key", "client_key", "files/a.csv", "files/reports/a.json"} <= {*modes}
    assert {modes[name] for name in modes.keys() - public} == {0o700, 0o600}


def test_the_fingerprint_is_as_openssh_writes_it(door):
    _, key, *_ = (door.door.folder / "host_key.pub").read_text().split()
    digest = hashlib.sha256(base64.b64decode(key)).digest()
    said = base64.b64encode(digest).decode().rstrip("=")
    assert door.door.fingerprint == f"SHA256:{said}"


def test_a_folder_keeps_keys_and_files_between_runs(tmp_path):
    found = []
    for name in "ab":
        settings = SftpSettings(folder=tmp_path / "door")
        with Sandbox(sftp=settings) as sandbox:
            client = SftpClient(sandbox)
            client.send(ROW, name=name)
            found.append(sandbox.sftp.fingerprint)
            files = client.do(names)
    assert found[0] == found[1]
    assert files == ["a.csv", "a.manifest", "b.csv", "b.manifest", "reports"]


def test_a_folder_of_its_own_goes_with_the_sandbox():
    sandbox = Sandbox(sftp=SftpSettings())
    folder = sandbox.sftp.folder
    assert folder.is_dir()
    del sandbox
    gc.collect()
    assert not folder.exists()


def test_another_key_is_refused(door, tmp_path):
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(tmp_path / "other")
    with pytest.raises(asyncssh.PermissionDenied):
        door.do(names, client_keys=[str(tmp_path / "other")])


def test_a_password_is_refused(door):
    with pytest.raises(asyncssh.PermissionDenied):
        door.do(names, client_keys=[], password="sandbox")


def test_the_user_is_the_account(serve):
    door = SftpClient(serve(account_id="TEST-1", sftp=SftpSettings()).sandbox)
    assert door.do(names) == ["reports"]
    with pytest.raises(asyncssh.PermissionDenied):
        door.do(names, username="other")


def test_a_key_of_the_clients_own_is_admitted(serve, tmp_path):
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(tmp_path / "own")
    key.write_public_key(tmp_path / "own.pub")
    settings = SftpSettings(authorized_key=tmp_path / "own.pub")
    door = SftpClient(serve(sftp=settings).sandbox)
    assert door.do(names, client_keys=[str(tmp_path / "own")]) == ["reports"]
    assert not (door.door.folder / "client_key").exists()


@pytest.mark.parametrize("name", ["authorized_key", "host_key"])
def test_a_file_that_holds_no_key_is_named(tmp_path, name):
    path = tmp_path / name
    path.write_text("nothing")
    given = path if name == "authorized_key" else None
    with pytest.raises(ValueError, match=name):
        Sandbox(sftp=SftpSettings(folder=tmp_path, authorized_key=given))


def test_no_shell_is_served(door):
    async def run():
        async with door.connect() as ssh:
            with pytest.raises(asyncssh.ChannelOpenError):
                await ssh.run("true")

    asyncio.run(run())


@pytest.mark.parametrize("way", ["symlink", "link"])
def test_no_links_lead_out(door, way):
    async def work(sftp):
        with pytest.raises(asyncssh.SFTPError):
            await getattr(sftp, way)("/etc/passwd", "out")
        assert not await sftp.exists("../../etc/passwd")

    door.do(work)


def test_a_manifest_comes_when_it_has_its_name(door):
    async def work(sftp):
        for name, content in (("a.csv", ROW), ("a.manifest", SAID)):
            async with sftp.open(f"{name}.part", "wb") as file:
                await file.write(content)
            assert door.door.imports == ()
            await sftp.rename(f"{name}.part", name)

    door.do(work)
    door.settle()
    assert len(door.door.imports) == 1
    assert attributes(door) == {"Plan": "Gold"}


def test_a_manifest_whose_client_left_has_not_come(door):
    async def work(sftp):
        file = await sftp.open("a.manifest", "wb")
        await file.write(SAID[:10])
        door.ssh.abort()
        await door.ssh.wait_closed()

    with suppress(asyncssh.ConnectionLost, asyncssh.SFTPConnectionLost):
        door.do(work)
    assert (door.door.files / "a.manifest").read_bytes() == SAID[:10]
    door.put(b_manifest=SAID)
    assert [each.manifest.name for each in door.door.imports] == ["b.manifest"]


def test_a_name_that_is_taken_is_not_renamed_to(door):
    async def work(sftp):
        with pytest.raises(asyncssh.SFTPError):
            await sftp.rename("b.manifest", "a.manifest")

    door.put(a_manifest=b"{", b_manifest=b"{")
    door.do(work)
    assert len(door.door.imports) == 2


def cut(door, **files):
    """Put files until the connection is lost; say whether it was."""
    try:
        door.put(**files)
    except (asyncssh.ConnectionLost, asyncssh.SFTPConnectionLost):
        return True
    return False


def put_renamed(door, name, content):
    """Put a file under another name first; say whether the connection was lost."""

    async def work(sftp):
        async with sftp.open(f"{name}.part", "wb") as file:
            await file.write(content)
        await sftp.rename(f"{name}.part", name)

    try:
        door.do(work)
    except (asyncssh.ConnectionLost, asyncssh.SFTPConnectionLost):
        return True
    return False


def test_a_cut_leaves_half_a_file(door):
    door.door.transfers.script("cut")
    assert cut(door, a_csv=ROW)
    assert (door.door.files / "a.csv").read_bytes() == ROW[: len(ROW) // 2]
    assert not cut(door, a_csv=ROW, a_manifest=SAID)
    door.settle()
    assert attributes(door) == {"Plan": "Gold"}


def test_a_cut_in_a_manifest_starts_no_import(door):
    door.door.transfers.script("none", "cut")
    assert cut(door, a_csv=ROW, a_manifest=SAID)
    assert door.door.imports == ()


def test_a_cut_at_the_close_leaves_a_manifest_that_has_come(door):
    door.door.transfers.script("none", "cut-at-close")
    assert cut(door, a_csv=ROW, a_manifest=SAID)
    door.settle()
    assert attributes(door) == {"Plan": "Gold"}


@pytest.mark.parametrize("is_after", [True, False])
def test_a_cut_about_a_rename_comes_before_or_after_it(door, is_after):
    fault = "cut-after-rename" if is_after else "cut-before-rename"
    assert not put_renamed(door, "a.csv", ROW)
    door.door.transfers.script(fault)
    assert put_renamed(door, "a.manifest", SAID)
    assert len(door.door.imports) == is_after
    assert ("a.manifest" in door.do(names)) is is_after


def test_a_hang_ends_with_the_sandbox(door):
    door.door.transfers.script("hang")
    lost = []
    thread = threading.Thread(target=lambda: lost.append(cut(door, a_csv=ROW)))
    thread.start()
    while not (door.door.files / "a.csv").exists():
        time.sleep(0.005)
    begun = time.monotonic()
    door.sandbox.stop()
    thread.join(5)
    assert lost == [True]
    assert time.monotonic() - begun < 2


@pytest.mark.parametrize(
    ("fault", "error"),
    [("no-space", asyncssh.SFTPFailure), ("denied", asyncssh.SFTPPermissionDenied)],
)
def test_a_file_may_be_refused(door, fault, error):
    door.door.transfers.script(fault)
    with pytest.raises(error):
        door.put(a_csv=ROW)
    door.put(a_csv=ROW)


IMPORTED = {"Plan": "Gold"}


@pytest.mark.parametrize(
    ("fault", "after", "status"),
    [
        ("before-data", None, "fail"),
        ("unreadable", None, "fail"),
        ("refuse-row", None, "fail"),
        ("half", None, "fail"),
        ("twice", IMPORTED, "success"),
        ("late", IMPORTED, "success"),
        ("taken-away", IMPORTED, "success"),
        ("silent", IMPORTED, None),
        ("none", IMPORTED, "success"),
    ],
)
def test_an_import_may_meet_a_fault(door, fault, after, status):
    door.door.faults.script(fault)
    report = door.send(ROW)
    assert attributes(door) == after
    assert (report and report["status"]) == status
    assert door.door.imports[0].fault == fault


def test_files_may_be_taken_away(door):
    door.door.faults.script("taken-away")
    door.send(ROW)
    assert door.do(names) == ["reports"]


def test_half_of_the_rows_may_be_refused(door):
    door.door.faults.script("half")
    rows = [(f"u{n}", "Gold", "$set") for n in range(5)]
    report = door.send(data(*rows))
    assert (report["rows"], report["failed"]) == (5, 3)
    found = [line[0] for line in door.rows_of(report["failureFile"])]
    assert found == ["identity", "u0", "u2", "u4"]


def test_a_rate_of_one_is_always(serve):
    settings = SftpSettings(import_faults={"silent": 1.0})
    door = SftpClient(serve(sftp=settings).sandbox)
    assert door.send(ROW) is None


@pytest.mark.parametrize("table", [TRANSFER_FAULTS, IMPORT_FAULTS])
def test_every_fault_says_what_it_does(table):
    assert all(table.values())
    assert "none" in table


class Hook(http.server.BaseHTTPRequestHandler):
    """Keeps what it is sent."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((self.path, json.loads(body)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def hook():
    server = http.server.HTTPServer(("127.0.0.1", 0), Hook)
    server.heard = []
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_webhook_hears_what_became_of_an_import(serve, hook):
    url = f"http://127.0.0.1:{hook.server_port}/reports?of=1"
    door = SftpClient(serve(sftp=SftpSettings(webhook=url)).sandbox)
    report = door.send(data(("", "Gold", "$set")))
    assert hook.heard == [("/reports?of=1", report)]
    kept = json.loads((door.door.reports / "a.json").read_text())
    assert kept == report


def test_a_webhook_that_does_not_listen_hinders_nothing(serve, hook):
    url = f"http://127.0.0.1:{hook.server_port}/reports"
    hook.socket.close()
    door = SftpClient(serve(sftp=SftpSettings(webhook=url)).sandbox)
    assert door.send(ROW)["status"] == "success"


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.com/", "https://127.0.0.1/", "ftp://localhost/", "x"),
        *("http://127.0.0.1:99999/", "http://127.0.0.1:port/", "http://[::1/"),
    ],
)
def test_a_webhook_elsewhere_is_refused(url):
    with pytest.raises(ValueError, match=r"on this machine|[Pp]ort|IPv6"):
        Sandbox(sftp=SftpSettings(webhook=url))


def test_imports_can_be_looked_at_and_hurried_over_http(serve):
    settings = SftpSettings(import_delay_seconds=3600)
    client = serve(sftp=settings)
    door = SftpClient(client.sandbox)
    shown = client.call("GET", "/sandbox/sftp").json()
    assert shown["fingerprint"] == door.door.fingerprint
    assert shown["port"] == door.door.port
    door.put(a_csv=ROW, a_manifest=SAID)
    (waiting,) = client.call("GET", "/sandbox/imports").lines()
    assert (waiting["manifest"], waiting["done"]) == ("a.manifest", False)
    (done,) = client.call("POST", "/sandbox/imports").lines()
    assert (done["done"], done["report"]["status"]) == (True, "success")


def test_faults_are_scripted_over_http(serve):
    client = serve(sftp=SftpSettings())
    door = SftpClient(client.sandbox)
    script = {"import_faults": ["silent"], "transfer_faults": ["none", "none"]}
    answer = client.call("POST", "/sandbox/faults", script)
    assert answer.json() == {"queued": 3}
    assert door.send(ROW) is None


def test_a_port_in_use_closes_the_whole_sandbox(door):
    other = Sandbox(sftp=SftpSettings(port=door.door.port))
    with pytest.raises(OSError, match="in use"):
        other.start()
    with pytest.raises(RuntimeError, match="not running"):
        _ = other.url


def test_the_door_is_found_at_the_same_port_again(door):
    port = door.door.port
    door.sandbox.stop()
    door.sandbox.start()
    assert door.door.port == port
    assert door.send(ROW)["status"] == "success"


@pytest.mark.openssh
def test_openssh_puts_files(door, tmp_path):
    (tmp_path / "a.csv").write_bytes(ROW)
    (tmp_path / "a.manifest").write_bytes(SAID)
    known = tmp_path / "known"
    key = (door.door.folder / "host_key.pub").read_text()
    known.write_text(f"[127.0.0.1]:{door.door.port} {key}")
    words = [
        *("sftp", "-b", "-", "-F", "none", "-P", str(door.door.port)),
        *("-i", door.door.key_file, "-o", "IdentitiesOnly=yes"),
        *("-o", f"UserKnownHostsFile={known}", "-o", "StrictHostKeyChecking=yes"),
        "sandbox@127.0.0.1",
    ]
    done = subprocess.run(
        words,
        input=b"put a.csv\nput a.manifest a.part\nrename a.part a.manifest\nls\n",
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    door.settle()
    assert attributes(door) == {"Plan": "Gold"}


def test_who_needs_no_door_loads_none():
    program = (
        "import sys; from ctsync.sandbox import Sandbox, TRANSFER_FAULTS\n"
        "with Sandbox(): print('asyncssh' in sys.modules)"
    )
    words = [sys.executable, "-c", program]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
