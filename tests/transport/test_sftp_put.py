"""Putting files by SFTP: each once, whatever happens on the way."""

import logging
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import asyncssh
import pytest
from sftp_servers import AsyncsshServer, LossyWay

from ctsync.errors import CtsyncError, PutFailed
from ctsync.transport import sftp_folder
from ctsync.transport.sftp_folder import PutTimes
from ctsync.transport.sftp_put import (
    PutEvents,
    PutOrder,
    PutPace,
    PutResult,
    Upload,
    look_at,
    put_parts,
)

WINDOW = 1 << 16
NAMES = ("run-1-00001.csv", "run-1-00002.csv")
IN_PLACE = sorted([*NAMES, *(f"{name[:-4]}.manifest.json" for name in NAMES)])


@pytest.fixture
def only_asyncssh(tmp_path):
    (tmp_path / "own").mkdir()
    server = AsyncsshServer(tmp_path / "own")
    yield server
    server.close()


@pytest.fixture(autouse=True)
def no_stranger_speaks(caplog):
    """Loggers of others have words of the server, and no handler of ours."""
    yield
    said = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert said == []


@pytest.fixture(autouse=True)
def small_windows(monkeypatch):
    monkeypatch.setattr(sftp_folder, "WINDOW_BYTES", WINDOW)


@pytest.fixture
def uploads(tmp_path):
    here = tmp_path / "here"
    here.mkdir()
    return written_uploads(here)


def written_uploads(here):
    made = []
    for number, name in enumerate(NAMES, start=1):
        data, manifest = here / name, here / f"{name[:-4]}.manifest.json"
        rows = (f'"u{row}","{number}"\n' for row in range(30_000))
        data.write_text("".join(rows))
        manifest.write_text(f'{{"fileName":"{name}"}}')
        made.append(Upload(data, manifest))
    return made


class Journal:
    """Remembers what it was told, in order."""

    def __init__(self):
        self.lines = []
        self.stop_after = None

    def events(self, **other):
        said = {
            "intend": lambda name: self.lines.append(("intend", name)),
            "tell": lambda name: self.lines.append(("put", name)),
        }
        return PutEvents(**said | other)

    def put(self):
        return [name for word, name in self.lines if word == "put"]

    def order(self, uploads):
        intended = {name for word, name in self.lines if word == "intend"}
        return PutOrder(uploads, {*self.put()}, intended)


def put(door, uploads, journal=None, *, pauses=(0.0,) * 5, **events):
    journal = journal or Journal()
    pace = PutPace(pauses=pauses, sleep=lambda _: None)
    return put_parts(door, journal.order(uploads), journal.events(**events), pace)


def failure_of(door, uploads, **other):
    result = put(door, uploads, **other)
    assert result.failure is not None
    return result.failure


def in_folder(folder):
    return sorted(path.name for path in folder.iterdir())


def require_in_place(there, uploads):
    assert in_folder(there) == IN_PLACE
    for upload in uploads:
        for path in (upload.data, upload.manifest):
            assert (there / path.name).read_bytes() == path.read_bytes()


EVERYTHING = [(word, name) for name in NAMES for word in ("intend", "put")]  # in order


def test_files_lie_there_as_here_and_each_is_told_once(sftp_server, there, uploads):
    journal = Journal()
    assert put(sftp_server.door(there), uploads, journal) == PutResult(NAMES, (), ())
    require_in_place(there, uploads)
    assert journal.lines == EVERYTHING


def test_until_its_intent_is_written_down_a_manifest_has_no_name(
    sftp_server, there, uploads
):
    """The data lies there whole by then, and nothing under the manifest's name."""
    seen = []
    put(
        sftp_server.door(there),
        uploads[:1],
        intend=lambda _: seen.append(in_folder(there)),
    )
    assert seen == [[".run-1-00001.manifest.json.part", "run-1-00001.csv"]]


def test_what_was_put_is_not_put_again(sftp_server, there, uploads):
    journal = Journal()
    put(sftp_server.door(there), uploads, journal)
    before = {path.name: path.stat().st_mtime_ns for path in there.iterdir()}
    put(sftp_server.door(there), uploads, journal)
    put(sftp_server.door(there), uploads, Journal())
    assert before == {path.name: path.stat().st_mtime_ns for path in there.iterdir()}


def test_what_an_earlier_run_told_of_is_left_alone(sftp_server, there, uploads):
    """The platform may have taken it away long since."""
    put_already = {NAMES[0]}
    journal = Journal()
    order = PutOrder(uploads, put_already=put_already)
    put_parts(sftp_server.door(there), order, journal.events())
    assert journal.put() == [NAMES[1]]
    assert len(in_folder(there)) == 2


@pytest.mark.parametrize("cut_after", [1, 3_000, 100_000, 500_000])
def test_a_cut_in_the_middle_is_mended(sftp_server, there, uploads, way, cut_after):
    way.cut_after = cut_after
    journal = Journal()
    result = put(sftp_server.door(there, port=way.port), uploads, journal)
    assert result == PutResult(NAMES, (), ())
    assert journal.put() == [*NAMES]
    assert way.connections > 1
    require_in_place(there, uploads)


def test_a_cut_upload_goes_on_where_it_was(sftp_server, there, uploads, way):
    way.cut_after = 200_000
    door = sftp_server.door(there, port=way.port)
    result = put(door, uploads[:1], pauses=())
    assert result.failure is not None
    assert result.failure.code == "CT816"
    assert result.rest == (NAMES[0],)
    half = (there / f".{NAMES[0]}.part").stat()
    assert WINDOW < half.st_size < uploads[0].data.stat().st_size
    put(sftp_server.door(there), uploads[:1])
    assert (there / NAMES[0]).stat().st_ino == half.st_ino
    assert (there / NAMES[0]).read_bytes() == uploads[0].data.read_bytes()


def test_half_a_file_of_other_bytes_is_written_anew(sftp_server, there, uploads):
    (there / f".{NAMES[0]}.part").write_bytes(b"x" * 3 * WINDOW)
    put(sftp_server.door(there), uploads)
    require_in_place(there, uploads)


def test_more_than_the_file_is_written_anew(sftp_server, there, uploads):
    (there / f".{NAMES[0]}.part").write_bytes(b"x" * 3_000_000)
    put(sftp_server.door(there), uploads)
    require_in_place(there, uploads)


def test_a_manifest_whose_reply_was_lost_is_found_in_its_place(
    sftp_server, there, uploads, way
):
    def lose_the_reply(_):
        way.is_swallowing = way.connections == 1

    journal = Journal()
    result = put(
        sftp_server.door(there, port=way.port), uploads, journal, intend=lose_the_reply
    )
    assert result == PutResult(NAMES, (), ())
    assert journal.put() == [*NAMES]
    assert way.connections == 2
    require_in_place(there, uploads)


def test_a_manifest_that_never_left_is_sent_again(sftp_server, there, uploads, way):
    def cut_once(_):
        if way.connections == 1:
            way.cut()

    journal = Journal()
    result = put(
        sftp_server.door(there, port=way.port), uploads, journal, intend=cut_once
    )
    assert result == PutResult(NAMES, (), ())
    require_in_place(there, uploads)


def test_a_manifest_that_the_platform_may_have_taken_is_unclear(
    sftp_server, there, uploads, way
):
    """Nothing shows whether it came, so it is never put again; what follows is."""

    def lose_the_reply_and_take_the_files(_):
        way.is_swallowing = way.connections == 1

    def take_the_files(_seconds):
        for path in there.iterdir():
            path.unlink()

    journal = Journal()
    pace = PutPace(pauses=(1.0,), sleep=take_the_files)
    events = journal.events(intend=lose_the_reply_and_take_the_files)
    door = sftp_server.door(there, port=way.port)
    result = put_parts(door, PutOrder(uploads), events, pace)
    assert result == PutResult(NAMES[1:], NAMES[:1], ())
    assert in_folder(there) == IN_PLACE[2:]
    again = PutOrder(uploads, {NAMES[1]}, {NAMES[0]})
    assert put_parts(sftp_server.door(there), again, events) == result


def test_what_was_intended_and_lies_there_still_is_put(sftp_server, there, uploads):
    """A run that was killed between the intent and the deed."""

    class Killed(Exception):
        pass

    def die(_):
        raise Killed

    with pytest.raises(Killed):
        put(sftp_server.door(there), uploads, intend=die)
    order = PutOrder(uploads, intended={NAMES[0]})
    journal = Journal()
    result = put_parts(sftp_server.door(there), order, journal.events())
    assert result == PutResult(NAMES, (), ())
    require_in_place(there, uploads)


def test_a_lost_server_leaves_what_was_intended_unclear(
    sftp_server, there, uploads, way
):
    def lose_all(_):
        way.close()

    result = put(sftp_server.door(there, port=way.port), uploads, intend=lose_all)
    assert (result.put, result.unclear, result.rest) == ((), NAMES[:1], NAMES[1:])
    assert result.failure is not None
    assert result.failure.code == "CT811"


def test_a_killed_upload_goes_on_without_doing_anything_twice(
    sftp_server, there, tmp_path, uploads, way
):
    """Killed in the middle of the second file: the first is put once."""
    way.stall_after = 500_000
    told = tmp_path / "told"
    process = start_putting(sftp_server, way.port, there, uploads, told)
    try:
        assert way.has_stalled.wait(30)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert told.read_text().split() == [NAMES[0]]
    first = (there / NAMES[0]).stat()
    journal = Journal()
    order = PutOrder(uploads, {NAMES[0]}, {NAMES[0]})
    put_parts(sftp_server.door(there), order, journal.events())
    assert journal.put() == [NAMES[1]]
    assert (there / NAMES[0]).stat().st_mtime_ns == first.st_mtime_ns
    require_in_place(there, uploads)


PUTTING = """
import sys
import time
from pathlib import Path
import msgspec
from ctsync.model.sftp_door import SftpDoor
from ctsync.transport import sftp_folder
from ctsync.transport.sftp_put import *
door, here, told, window = sys.argv[1:]
sftp_folder.WINDOW_BYTES = int(window)
door = msgspec.json.decode(door, type=SftpDoor, dec_hook=lambda kind, said: kind(said))
data = sorted(Path(here).glob("*.csv"))
uploads = [Upload(path, path.with_suffix(".manifest.json")) for path in data]
def tell(name):
    with open(told, "a") as file:
        print(name, file=file)
put_parts(door, PutOrder(uploads), PutEvents(lambda name: None, tell))
"""


def start_putting(sftp_server, port, there, uploads, told):
    import msgspec

    door = msgspec.json.encode(sftp_server.door(there, port=port), enc_hook=os.fspath)
    here = uploads[0].data.parent
    words = [sys.executable, "-c", PUTTING, door.decode(), here, told, str(WINDOW)]
    return subprocess.Popen(words, cwd=Path(__file__).parents[2])


def test_a_signal_ends_an_upload_at_once(sftp_server, there, uploads, way):
    """As a second Ctrl-C does; the next command goes on from there."""

    class Ended(Exception):
        pass

    def end(*_):
        raise Ended

    def send_signal():
        way.has_stalled.wait(30)
        os.kill(os.getpid(), signal.SIGUSR1)

    way.stall_after = 100_000
    before = signal.signal(signal.SIGUSR1, end)
    Thread(target=send_signal, daemon=True).start()
    start = time.monotonic()
    try:
        with pytest.raises(Ended):
            put(sftp_server.door(there, port=way.port), uploads)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert time.monotonic() - start < PutTimes().reply_seconds / 2
    assert in_folder(there) == [f".{NAMES[0]}.part"]
    put(sftp_server.door(there), uploads)
    require_in_place(there, uploads)


def test_a_stop_is_heard_between_pieces(sftp_server, there, uploads):
    asked = iter([False] * 4)
    result = put(sftp_server.door(there), uploads, is_stopped=lambda: next(asked, True))
    assert result == PutResult((), (), NAMES)
    put(sftp_server.door(there), uploads)
    require_in_place(there, uploads)


def test_another_host_key_is_not_talked_to(sftp_server, there, uploads):
    other = asyncssh.generate_private_key("ssh-ed25519").get_fingerprint()
    failure = failure_of(sftp_server.door(there, fingerprint=other), uploads)
    assert failure.code == "CT812"
    assert other in failure.message
    assert sftp_server.host_key.get_fingerprint() in failure.message
    assert in_folder(there) == []


def test_another_key_is_refused(sftp_server, there, uploads, tmp_path):
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(tmp_path / "other")
    (tmp_path / "other").chmod(0o600)
    failure = failure_of(sftp_server.door(there, key=tmp_path / "other"), uploads)
    assert failure.code == "CT813"


@pytest.mark.parametrize("name", ["missing", "public", "sealed", "sealed-pkcs8"])
def test_a_file_that_holds_no_open_key_is_refused(
    sftp_server, there, uploads, tmp_path, name
):
    key = asyncssh.generate_private_key("ssh-ed25519")
    (tmp_path / "public").write_bytes(key.export_public_key())
    key.write_private_key(tmp_path / "sealed", passphrase="secret")
    key.write_private_key(tmp_path / "sealed-pkcs8", "pkcs8-pem", passphrase="secret")
    for each in ("public", "sealed", "sealed-pkcs8"):
        (tmp_path / each).chmod(0o600)
    failure = failure_of(sftp_server.door(there, key=tmp_path / name), uploads)
    assert failure.code == "CT813"
    assert str(tmp_path) not in failure.message


def test_a_key_that_others_may_read_is_refused(sftp_server, there, uploads):
    key = sftp_server.root / "client_key"
    key.chmod(0o640)
    try:
        failure = failure_of(sftp_server.door(there), uploads)
    finally:
        key.chmod(0o600)
    assert failure.code == "CT813"
    assert "others" in failure.message


def test_another_user_is_refused(sftp_server, there, uploads):
    other = sftp_server.door(
        there, user="nobody-of-that-name", shown_user="${SFTP_USER}"
    )
    if sftp_server.name == "OpenSSH":
        failure = failure_of(other, uploads)
        assert failure.code == "CT813"
        assert "nobody-of-that-name" not in failure.message
        assert "${SFTP_USER}" in failure.message


def test_keys_of_no_agent_are_none(sftp_server, there, uploads, tmp_path):
    nowhere = sftp_server.door(there, key=None, agent=str(tmp_path / "nowhere"))
    assert failure_of(nowhere, uploads).code == "CT813"
    assert failure_of(sftp_server.door(there, key=None), uploads).code == "CT813"


def test_a_folder_that_is_not_there_is_named(sftp_server, there, uploads):
    failure = failure_of(sftp_server.door(there / "gone"), uploads)
    assert failure.code == "CT814"
    assert str(there / "gone") in failure.message
    hidden = sftp_server.door(there / "gone", shown_folder="${FOLDER}")
    assert str(there / "gone") not in failure_of(hidden, uploads).message


def test_a_file_is_no_folder(sftp_server, there, uploads):
    (there / "file").touch()
    assert failure_of(sftp_server.door(there / "file"), uploads).code == "CT814"


def test_a_folder_that_nobody_may_write_to_takes_nothing(sftp_server, there, uploads):
    failure = failure_of(
        sftp_server.door(there, port=sftp_server.read_only_port), uploads
    )
    assert failure.code == "CT815"
    assert "permission denied" in failure.message
    assert in_folder(there) == []


@pytest.mark.parametrize("name", IN_PLACE[:2])
def test_a_file_of_that_name_with_other_bytes_stays(sftp_server, there, uploads, name):
    (there / name).write_bytes(b"of somebody else")
    journal = Journal()
    result = put(sftp_server.door(there), uploads, journal)
    assert result.failure is not None
    assert result.failure.code == "CT817"
    assert name in result.failure.message
    assert journal.lines == []
    assert (there / name).read_bytes() == b"of somebody else"


def test_a_large_file_with_another_end_is_another(sftp_server, there, uploads):
    large = b"x" * 3_000_000
    uploads[0].data.write_bytes(large)
    (there / NAMES[0]).write_bytes(large[:-1] + b"y")
    assert failure_of(sftp_server.door(there), uploads).code == "CT817"


def test_where_nobody_listens_it_is_tried_again_and_given_up(
    there, uploads, sftp_server
):
    way = LossyWay(sftp_server.port)
    way.close()
    waits = []
    pace = PutPace(pauses=(0.5, 2.5), sleep=waits.append)
    door = sftp_server.door(there, port=way.port)
    result = put_parts(door, PutOrder(uploads), Journal().events(), pace)
    assert result.failure is not None
    assert result.failure.code == "CT811"
    assert "refused" in result.failure.message
    assert waits == [0.5, 1.0, 1.0, 0.5]


@pytest.mark.parametrize(
    ("error", "waits", "why"),
    [
        (socket.EAI_NONAME, 0, "DNS knows no such host"),
        (socket.EAI_AGAIN, 1, "DNS gives no answer"),
    ],
)
def test_a_host_that_dns_knows_not_is_told(
    there, uploads, only_asyncssh, monkeypatch, error, waits, why
):
    """It is asked for again only where DNS had no answer."""

    def fail(*_, **__):
        raise socket.gaierror(error, "words of the resolver")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    waited = []
    pace = PutPace(pauses=(1.0,), sleep=waited.append)
    door = only_asyncssh.door(there, host="sftp.example.com")
    result = put_parts(door, PutOrder(uploads), Journal().events(), pace)
    assert result.failure is not None
    assert result.failure.code == "CT811"
    assert why in result.failure.message
    assert len(waited) == waits


@pytest.mark.parametrize("host", ["a..b", "x" * 64])
def test_what_can_be_no_host_is_told(there, uploads, only_asyncssh, host):
    failure = failure_of(only_asyncssh.door(there, host=host), uploads)
    assert failure.code == "CT811"
    assert "no name of a host" in failure.message


def test_a_server_of_another_kind_is_called_so(there, uploads, only_asyncssh):
    """It is neither waited for nor told a key."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=answer_http, args=(listener,), daemon=True).start()
        door = only_asyncssh.door(there, port=listener.getsockname()[1])
        failure = failure_of(door, uploads, pauses=())
    assert failure.code == "CT811"


def answer_http(listener):
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 400)


def test_no_space_is_told(only_asyncssh, there, uploads):
    only_asyncssh.has_room = False
    only_asyncssh.fault = asyncssh.SFTPFailure("Failure")
    failure = failure_of(only_asyncssh.door(there), uploads)
    assert failure.code == "CT815"
    assert "no space is left" in failure.message


def test_what_the_server_says_of_a_refusal_is_not_told(only_asyncssh, there, uploads):
    only_asyncssh.fault = asyncssh.SFTPFailure("u1 has the phone +14155551234")
    failure = failure_of(only_asyncssh.door(there), uploads)
    assert failure.code == "CT815"
    assert "u1" not in f"{failure.message}{failure.hint}"


def test_a_file_that_is_gone_here_is_an_error(sftp_server, there, uploads):
    uploads[1].data.unlink()
    with pytest.raises(CtsyncError, match="cannot be read"):
        put(sftp_server.door(there), uploads)


@pytest.mark.parametrize("kind", ["ecdsa-sha2-nistp256", "ssh-rsa"])
def test_a_pinned_key_of_any_kind_is_found(there, uploads, tmp_path, kind):
    """The server has one of another kind too, which both would rather use."""
    own = tmp_path / "server"
    own.mkdir()
    server = AsyncsshServer(own, more_keys=[kind])
    try:
        pinned = server.more_host_keys[0].get_fingerprint()
        assert put(server.door(there, fingerprint=pinned), uploads).put == NAMES
    finally:
        server.close()


def test_a_look_finds_the_folder_and_leaves_it_alone(sftp_server, there):
    look_at(sftp_server.door(there))
    assert in_folder(there) == []
    with pytest.raises(PutFailed) as caught:
        look_at(sftp_server.door(there / "gone"))
    assert caught.value.code == "CT814"


@pytest.fixture
def agent(tmp_path):
    socket = tmp_path / "agent"
    process = subprocess.Popen(
        ["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL
    )
    while not socket.exists():
        assert process.poll() is None
    yield socket
    process.terminate()
    process.wait()


@pytest.mark.openssh
def test_a_key_of_the_agent_opens(sftp_server, there, uploads, agent):
    door = sftp_server.door(there, key=None, agent=str(agent))
    assert failure_of(door, uploads).code == "CT813"
    key = sftp_server.root / "client_key"
    subprocess.run(
        ["ssh-add", "-q", key], env={**os.environ, "SSH_AUTH_SOCK": str(agent)},
        check=True,
    )  # fmt: skip
    assert put(door, uploads).put == NAMES
