"""Putting a file by SFTP, beside the sftp of OpenSSH, which puts it as it stands.

`python putting.py MEGABYTES [ROUNDS]` starts OpenSSH's server on loopback and has both
put the same rows there, in turn. ctsync also puts a manifest, and looks before and
after. Each is a process of its own; what the server spends counts for neither.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.append(str(Path(__file__).parents[1] / "servers"))

import msgspec
from sftp_servers import OpensshServer
from stopwatch import Command, Lap, Laps, run

_DATA, _MANIFEST = "run-1-00001.csv", "run-1-00001.manifest"
_BLOCK = "".join(
    f'"u{number:09d}","Gold","$set","Pune {number % 977}","$set"\n'
    for number in range(20_000)
)
_PUT = """
import sys
from pathlib import Path
import msgspec
from ctsync.model.sftp_door import SftpDoor
from ctsync.transport.sftp_put import PutEvents, PutOrder, Upload, put_parts
door = msgspec.json.decode(sys.argv[1], type=SftpDoor, dec_hook=lambda to, it: to(it))
upload = Upload(Path(sys.argv[2]), Path(sys.argv[3]))
events = PutEvents(intend=lambda name: None, tell=lambda name: None)
sys.exit(0 if put_parts(door, PutOrder([upload]), events).put else 1)
"""


def main(megabytes: str, rounds: str = "3") -> int:
    """Let both put, round by round, and print what it cost."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        _write(root, int(megabytes) * 1_000_000)
        server = OpensshServer(root)
        try:
            laps = [*_laps(server, root, int(rounds))]
        finally:
            server.close()
    for name, own in zip(("ctsync", "sftp"), zip(*laps, strict=True), strict=True):
        found = Laps(own)
        sys.stdout.write(
            f"{name}: {found.least:.1f} s, {found.cpu_seconds:.2f} s of processor, "
            f"{found.peak_mib:.0f} MiB\n"
        )
    return 0


def _write(root: Path, size: int) -> None:
    (root / "there").mkdir()
    (root / _MANIFEST).write_text(f'{{"fileName":"{_DATA}"}}')
    with (root / _DATA).open("w") as file:
        while file.tell() < size:
            file.write(_BLOCK)


def _laps(server: OpensshServer, root: Path, rounds: int) -> Iterator[tuple[Lap, Lap]]:
    """Yield what each round cost both."""
    there = root / "there"
    door = msgspec.json.encode(server.door(there), enc_hook=os.fspath).decode()
    batch = root / "batch"
    batch.write_text(f"put {root / _DATA} {there / 'data'}\n")
    login = f"{server.user}@127.0.0.1"
    sftp = [
        "sftp", "-q", "-b", batch, "-P", server.port, "-i", root / "client_key",
        "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", login,
    ]  # fmt: skip
    ours = [sys.executable, "-c", _PUT, door, root / _DATA, root / _MANIFEST]
    here = {"PYTHONPATH": str(Path(__file__).parents[2])}
    for _ in range(rounds):
        for each in there.iterdir():
            each.unlink()
        yield (
            run(Command([*map(str, ours)], variables=here)),
            run(Command([*map(str, sftp)])),
        )


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
