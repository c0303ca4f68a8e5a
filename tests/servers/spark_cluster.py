"""A standalone master of Spark with two workers, on this machine's loopback."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from shutil import rmtree
from urllib.request import urlopen

ROOT = Path(__file__).parents[2]
WAIT_SECONDS = 300
MASTER = "org.apache.spark.deploy.master.Master"
WORKER = "org.apache.spark.deploy.worker.Worker"
SETTINGS = """\
spark.driver.bindAddress 127.0.0.1
spark.driver.host 127.0.0.1
spark.driver.memory 512m
spark.executor.memory 512m
spark.executor.cores 1
"""


class SparkCluster:
    """Master and workers, as processes of this one; `close` ends them and theirs."""

    def __init__(self) -> None:
        import pyspark

        self._home = Path(str(pyspark.__file__)).parent
        self._folder = Path(tempfile.mkdtemp(prefix="spark-cluster-"))
        (self._folder / "spark-defaults.conf").write_text(SETTINGS)
        port, page = free_port(), free_port()
        self.url = f"spark://127.0.0.1:{port}"
        self._page = f"http://127.0.0.1:{page}/json/"
        at = ["--host", "127.0.0.1"]
        words = [*at, "--port", str(port), "--webui-port", str(page)]
        self._processes: list[subprocess.Popen[bytes]] = []
        self._start(MASTER, *words)
        self._words = [*at, "--webui-port", "0", "--cores", "1", "--memory", "600m"]
        self.workers: list[subprocess.Popen[bytes]] = []
        try:
            self.mend()
        except BaseException:
            self.close()
            raise

    def mend(self) -> None:
        """See that there are two workers, and start those that lack."""
        while len(self.workers) < 2:
            self.workers.append(self._start(WORKER, *self._words, self.url))
        self._wait_for(2)

    def variables(self) -> dict[str, str]:
        """Return what leads a process of ctsync here."""
        return {
            "SPARK_MASTER": self.url,
            "SPARK_CONF_DIR": str(self._folder),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "PYSPARK_PYTHON": sys.executable,
            "PYTHONPATH": str(ROOT),
        }

    def kill_worker(self) -> None:
        """End a worker and its executors, as if its machine had lost its power."""
        worker = self.workers.pop()
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait(WAIT_SECONDS)

    def close(self) -> None:
        """End all processes that were started."""
        for process in self._processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(WAIT_SECONDS)
        rmtree(self._folder, ignore_errors=True)

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        variables = {
            **os.environ,
            **self.variables(),
            "SPARK_HOME": str(self._home),
            "SPARK_WORKER_DIR": str(self._folder / "work"),
            "SPARK_LOCAL_DIRS": str(self._folder / "local"),
            "SPARK_DAEMON_MEMORY": "256m",
        }
        name = f"{words[0]}-{len(self._processes)}.log"
        with (self._folder / name).open("w") as log:
            # A session of its own, so that what it starts can be ended with it.
            process = subprocess.Popen(
                [self._home / "bin" / "spark-class", *words],
                env=variables,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def _wait_for(self, workers: int) -> None:
        until = time.monotonic() + WAIT_SECONDS
        while self._alive() < workers:
            if time.monotonic() > until:
                logs = [path.read_text() for path in self._folder.glob("*.log")]
                raise TimeoutError("\n".join(logs))
            time.sleep(0.3)

    def _alive(self) -> int:
        try:
            with urlopen(self._page, timeout=5) as page:
                return int(json.load(page)["aliveworkers"])
        except OSError:
            return 0


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
