"""Threads share a transport, and it its connections."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from ctsync.model.snapshot import Account
from ctsync.sandbox import FAULTS, Sandbox
from ctsync.transport.http import connect
from ctsync.transport.upload_result import CallEnding


def call(name):
    return b'{"d":[{"identity":"%s","profileData":{"A":"x"},"type":"profile"}]}' % name


def transport_to(sandbox, connections):
    account = Account("WR8-9K6-7Z5Z", "in1", sandbox.url)
    return connect(account, "sandbox", timeout_seconds=0.3, connections=connections)


def test_no_more_connections_are_used_than_were_allowed():
    with Sandbox(ceiling=2, latency_seconds=0.01) as sandbox:
        transport = transport_to(sandbox, 2)
        with ThreadPoolExecutor(6) as pool:
            answers = pool.map(
                lambda n: transport.upload(call(b"u%d" % n), dry_run=False), range(12)
            )
            assert {answer.happened for answer in answers} == {CallEnding.REPLIED}
        transport.close()
        assert sandbox.platform.violations == ()


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_whatever_happens_to_a_call_its_connection_is_free_again(fault):
    with Sandbox(slow_seconds=0.02) as sandbox:
        transport = transport_to(sandbox, 1)
        sandbox.script(fault, fault)
        for _ in range(2):
            transport.upload(call(b"u1"), dry_run=False)
        answer = transport.upload(call(b"u1"), dry_run=False)
        assert (answer.happened, answer.status) == (CallEnding.REPLIED, 200)
        transport.close()
