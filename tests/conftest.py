"""Options of the whole suite, and the servers that its states are kept on."""

import os
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Machines are shared and noisy, so no example is held to a time. Where a pipeline
# decides over a change, the examples are the same for all; elsewhere they wander.
settings.register_profile(
    "ctsync",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ctsync")

# Who starts the suite in the background of a script has it ignore Ctrl-C, and so would
# every process that a test interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser):
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what the scenarios come to into their golden files",
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """Three workers for two cores: a third of the time, tests wait for a server."""
    return (os.cpu_count() or 1) * 3 // 2


SERVERS = Path(__file__).parent / "servers"
if str(SERVERS) not in sys.path:
    sys.path.insert(0, str(SERVERS))


@pytest.fixture(scope="session")
def postgres_server():
    """A PostgreSQL server on this machine's loopback."""
    from postgres_server import PostgresServer

    server = PostgresServer()
    yield server
    server.close()


@pytest.fixture(scope="session")
def object_server():
    """An S3 server on this machine's loopback, to which the environment leads."""
    from object_server import ObjectServer

    server = ObjectServer()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in server.variables().items():
            patch.setenv(name, value)
        yield server
    server.close()


@pytest.fixture(
    scope="module",
    params=[pytest.param("OpenSSH", marks=pytest.mark.openssh), "asyncssh"],
)
def sftp_server(request, tmp_path_factory):
    """An SFTP server on this machine's loopback: that of OpenSSH, and another."""
    from sftp_servers import AsyncsshServer, OpensshServer

    servers = {"OpenSSH": OpensshServer, "asyncssh": AsyncsshServer}
    server = servers[request.param](tmp_path_factory.mktemp("server"))
    yield server
    server.close()


@pytest.fixture
def way(sftp_server):
    """A way to that server on which connections are lost, and stall."""
    from sftp_servers import LossyWay

    way = LossyWay(sftp_server.port)
    yield way
    way.close()


@pytest.fixture
def there(tmp_path):
    """A folder for what is put on a server, empty."""
    folder = tmp_path / "there"
    folder.mkdir()
    return folder


@pytest.fixture(autouse=True)
def spark_here(request, monkeypatch):
    """Whoever finds candidates on a cluster has one here, unless a test starts one."""
    if request.node.get_closest_marker("spark") is None:
        from spark_here import SparkHere

        from ctsync.engines import spark, spark_workers

        here = SparkHere()
        for module in (spark, spark_workers):
            monkeypatch.setattr(module, "open_session", here.open_session)
