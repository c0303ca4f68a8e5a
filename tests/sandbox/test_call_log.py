"""Whole calls: credentials, envelopes, ceilings, latency."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

PASSCODE = {"X-CleverTap-Passcode": "sandbox"}
ACCOUNT = {"X-CleverTap-Account-Id": "TEST-1"}


def upload(client, body, headers):
    return client.call("POST", "/1/upload", body, headers)


@pytest.mark.parametrize(
    "headers", [PASSCODE, {**PASSCODE, "X-CleverTap-Account-Id": ""}]
)
def test_a_missing_account_is_refused_in_the_recorded_words(client, headers):
    response = upload(client, {"d": []}, headers)
    assert response.status == 401
    error = {"status": "fail", "error": "Account ID is not valid", "code": 401}
    assert response.json() == error


@pytest.mark.parametrize("passcode", [{}, {"X-CleverTap-Passcode": "wrong"}])
def test_a_wrong_passcode_is_refused_in_the_recorded_words(client, passcode):
    response = upload(client, {"d": []}, {**ACCOUNT, **passcode})
    assert response.status == 401
    error = {"status": "fail", "error": "Invalid Credentials", "code": 401}
    assert response.json() == error


def test_only_the_named_account_is_admitted(serve):
    client = serve(account_id="OTHER", passcode="secret")
    headers = {"X-CleverTap-Passcode": "secret"}
    assert upload(client, {"d": []}, {**headers, **ACCOUNT}).status == 401
    other = {**headers, "X-CleverTap-Account-Id": "OTHER"}
    assert upload(client, {"d": []}, other).status == 200


def test_reads_need_credentials_too(client):
    target = "/1/profile.json?identity=u1"
    assert client.call("GET", target, headers=ACCOUNT).status == 401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"[]",
        b"{}",
        b'{"d": {}}',
        b'{"d": [1, // comment\n 2]}',
        b'{"d": [{"identity": NaN}]}',
        b'{"d": ["\xff"]}',
        b'{"d": ["\\ud800"]}',
        b'{"d": ' + b"[" * 100_000,
        b'{"d": [' + b"1" * 5000 + b"]}",
    ],
)
def test_what_is_no_upload_is_a_malformed_request(client, body):
    response = client.call("POST", "/1/upload", body)
    assert response.status == 400
    error = {"status": "fail", "error": "Malformed request", "code": 400}
    assert response.json() == error


def test_too_many_records_are_refused_whole(serve):
    client = serve(records_ceiling=2)
    records = [client.record(f"u{n}", {"A": n}) for n in range(3)]
    response = client.send(*records)
    assert (response.status, response.json()["code"]) == (400, 400)
    assert list(client.platform.profiles()) == []
    assert client.send(*records[:2]).status == 200


def test_more_calls_at_once_than_the_ceiling_are_throttled(serve):
    client = serve(ceiling=2, latency_seconds=0.15)
    barrier = threading.Barrier(5)

    def send(number):
        barrier.wait()
        return client.send(client.record(f"u{number}", {"A": 1}))

    with ThreadPoolExecutor(5) as pool:
        responses = list(pool.map(send, range(5)))
    throttled = [r for r in responses if r.status == 429]
    assert 1 <= len(throttled) <= 3
    assert throttled[0].json()["error"] == "Too many concurrent requests"
    assert "Retry-After" not in throttled[0].headers
    assert len(list(client.platform.profiles())) == 5 - len(throttled)
    assert client.rules() == ["too-many-calls"] * len(throttled)


def test_slots_of_another_client_throttle_without_a_violation(serve):
    client = serve(ceiling=15, busy_slots=15)
    assert client.send(client.record("u1", {"A": 1})).status == 429
    assert client.rules() == []


def test_a_client_at_the_ceiling_is_never_accused(serve):
    client = serve(ceiling=2)

    def send(number):
        records = [client.record(f"{number}-{n}", {"A": n}) for n in range(3)]
        return [client.send(*records).status for _ in range(30)]

    with ThreadPoolExecutor(2) as pool:
        statuses = [status for each in pool.map(send, range(2)) for status in each]
    assert statuses == [200] * 60
    assert client.rules() == []


def test_reads_have_a_ceiling_of_their_own(serve):
    client = serve(reads_ceiling=1, latency_seconds=0.1)
    barrier = threading.Barrier(3)

    def read(_number):
        barrier.wait()
        return client.call("GET", "/1/profile.json?identity=u1").status

    with ThreadPoolExecutor(3) as pool:
        statuses = sorted(pool.map(read, range(3)))
    assert statuses[0] == 200
    assert 429 in statuses


def test_latency_is_waited_out(serve):
    client = serve(latency_seconds=0.1)
    with pytest.raises(TimeoutError):
        client.call("POST", "/1/upload", {"d": []}, timeout=0.03)


def test_every_response_says_that_it_is_a_simulation(client):
    targets = [
        ("POST", "/1/upload"),
        ("GET", "/1/profile.json?identity=u"),
        ("GET", "/nowhere"),
        ("GET", "/sandbox/profiles"),
        ("PUT", "/1/upload"),
    ]
    for method, target in targets:
        headers = client.call(method, target).headers
        assert headers["X-Ctsync-Sandbox"] == "simulation of documented behaviour"


def test_a_connection_serves_many_calls(client):
    import http.client
    from urllib.parse import urlsplit

    address = urlsplit(client.sandbox.url)
    connection = http.client.HTTPConnection(address.hostname, address.port)
    try:
        for number in range(3):
            body = json.dumps({"d": [client.record(f"u{number}", {"A": 1})]})
            connection.request("POST", "/1/upload", body, {**ACCOUNT, **PASSCODE})
            response = connection.getresponse()
            assert json.loads(response.read())["processed"] == 1
            assert not response.will_close
    finally:
        connection.close()


def test_a_body_without_a_length_is_refused(client):
    headers = {**ACCOUNT, **PASSCODE, "Transfer-Encoding": "chunked"}
    assert client.call("POST", "/1/upload", b"0\r\n\r\n", headers).status == 411


def test_unknown_pages_do_not_exist(client):
    assert client.call("GET", "/1/elsewhere").status == 404
    assert client.call("GET", "//[1/elsewhere").status == 404
