"""Each fault, scripted: what the client sees and what the platform did."""

import gzip
import http.client
import io
import json
import socket
import threading
import time
from urllib.parse import urlsplit

import pytest

from ctsync.sandbox import FAULTS, Sandbox

CUT = ["lost", "dropped"]
APPLIED = ["lost", "reset-body", "unavailable-applied", "error500-applied", "html"]
APPLIED += ["empty", "truncated", "wrong-type", "miscount", "gzip-bomb", "none"]
UNAPPLIED = {
    "throttle": 429,
    "throttle-retry-after": 429,
    "unavailable": 503,
    "error500": 500,
    "too-large": 413,
    "malformed": 400,
    "unauthorised": 401,
    "forbidden": 403,
    "redirect": 302,
    "fail-empty": 200,
}
REFUSING = ["reject", "code555", "unnumbered", "text-record", "keyed-record", "escapes"]


def two(client):
    return [client.record("u1", {"A": 1}), client.record("u2", {"A": 2})]


def values(client):
    return [profile.value for profile in client.platform.profiles()]


def send_under(client, fault):
    client.sandbox.script(fault)
    return client.send(*two(client))


def test_every_fault_is_described_in_one_line():
    assert all(about and "\n" not in about for about in FAULTS.values())


def test_every_fault_has_a_test_here():
    covered = {*CUT, *APPLIED, *UNAPPLIED, *REFUSING}
    covered |= {"slow", "late", "hang", "endless", "lying-status", "schema-drop"}
    covered |= {"denied"}
    assert covered == set(FAULTS)


@pytest.mark.parametrize("fault", APPLIED)
def test_an_applied_fault_applies_the_call(client, fault):
    try:
        send_under(client, fault)
    except (OSError, http.client.HTTPException):
        assert fault in ("lost", "reset-body")
    assert values(client) == ["u1", "u2"]


@pytest.mark.parametrize("fault", UNAPPLIED)
def test_an_unapplied_fault_answers_and_changes_nothing(client, fault):
    assert send_under(client, fault).status == UNAPPLIED[fault]
    assert values(client) == []


@pytest.mark.parametrize("fault", CUT)
def test_a_cut_connection_ends_before_the_first_byte(client, fault):
    with pytest.raises(http.client.RemoteDisconnected):
        send_under(client, fault)
    assert bool(values(client)) == (fault == "lost")


def test_a_reset_comes_in_the_middle_of_the_body(client):
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        send_under(client, "reset-body")


@pytest.mark.parametrize(
    ("fault", "status"), [("unavailable-applied", 503), ("error500-applied", 500)]
)
def test_a_server_error_may_hide_an_applied_call(client, fault, status):
    assert send_under(client, fault).status == status
    assert values(client) == ["u1", "u2"]


def test_throttling_says_nothing_about_when_to_come_back(client):
    response = send_under(client, "throttle")
    assert response.json()["error"] == "Too many concurrent requests"
    assert "Retry-After" not in response.headers


def test_throttling_can_say_when_to_come_back(serve):
    client = serve(retry_after_seconds=7)
    assert send_under(client, "throttle-retry-after").headers["Retry-After"] == "7"


def test_malformed_has_the_documented_body(client):
    error = {"status": "fail", "error": "Malformed request", "code": 400}
    assert send_under(client, "malformed").json() == error


def test_a_redirect_points_where_it_is_told(serve):
    assert send_under(serve(), "redirect").headers["Location"] == "/redirected"
    client = serve(redirect_to="http://127.0.0.1:9/x")
    assert send_under(client, "redirect").headers["Location"] == "http://127.0.0.1:9/x"


def test_whoever_follows_a_redirect_is_seen(client):
    client.call("GET", "/redirected")
    (call,) = client.platform.calls
    assert (call.target, call.passcode_sent) == ("/redirected", True)


def test_bodies_without_readable_json(client):
    assert send_under(client, "html").body.startswith(b"<!doctype html>")
    assert send_under(client, "empty").body == b""
    truncated = send_under(client, "truncated")
    with pytest.raises(json.JSONDecodeError):
        truncated.json()
    wrong = send_under(client, "wrong-type")
    assert wrong.headers["Content-Type"] == "text/plain"
    assert wrong.json()["processed"] == 2


def test_a_small_body_can_unpack_to_a_huge_one(client):
    response = send_under(client, "gzip-bomb")
    assert response.headers["Content-Encoding"] == "gzip"
    assert len(response.body) < 1_000_000
    with gzip.open(io.BytesIO(response.body)) as unpacked:
        unpacked.seek(20_000_000)
        assert unpacked.read(1) == b" "


def test_an_endless_body_has_no_end(client):
    client.sandbox.script("endless")
    address = urlsplit(client.sandbox.url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=5)
    headers = {"X-CleverTap-Account-Id": "a", "X-CleverTap-Passcode": "sandbox"}
    body = json.dumps({"d": two(client)})
    connection.request("POST", "/1/upload", body, headers)
    response = connection.getresponse()
    assert len(response.read(5_000_000)) == 5_000_000
    response.close()
    connection.close()
    assert values(client) == ["u1", "u2"]


def test_counts_can_fail_to_add_up(client):
    answer = send_under(client, "miscount").json()
    assert answer["processed"] + len(answer["unprocessed"]) != 2
    client.sandbox.script("miscount")
    assert client.upload()["processed"] == 1


@pytest.mark.parametrize("fault", REFUSING)
def test_a_refusing_fault_refuses_one_record_and_applies_the_other(client, fault):
    answer = send_under(client, fault).json()
    assert (answer["status"], answer["processed"]) == ("partial", 1)
    assert len(answer["unprocessed"]) == len(values(client)) == 1


@pytest.mark.parametrize(("fault", "code"), [("reject", 516), ("code555", 555)])
def test_a_refusal_names_code_number_and_record(client, fault, code):
    (item,) = send_under(client, fault).json()["unprocessed"]
    number = int(item["error"].rsplit("Skipped record number : ", 1)[1])
    assert item["code"] == code
    assert item["record"] == two(client)[number - 1]
    assert values(client) == [f"u{3 - number}"]


def test_which_record_is_refused_follows_the_seed(serve):
    def refused(seed):
        client = serve(seed=seed)
        client.sandbox.script("reject")
        records = [client.record(f"u{n}", {"A": 1}) for n in range(50)]
        return client.upload(*records)["unprocessed"][0]["record"]["identity"]

    assert refused(1) == refused(1)
    assert len({refused(seed) for seed in range(4)}) > 1


def test_a_refusal_can_lack_its_number(client):
    (item,) = send_under(client, "unnumbered").json()["unprocessed"]
    assert "Skipped" not in item["error"]
    assert item["record"] in two(client)


def test_a_refused_record_can_come_back_as_text(client):
    (item,) = send_under(client, "text-record").json()["unprocessed"]
    assert json.loads(item["record"]) in two(client)
    assert item["code"] == 516


def test_a_refused_record_can_be_the_key_of_its_error(client):
    (item,) = send_under(client, "keyed-record").json()["unprocessed"]
    ((text, error),) = item.items()
    number = int(error.rsplit(" ", 1)[1])
    assert json.loads(text) == two(client)[number - 1]


def test_error_texts_can_hold_control_characters(client):
    (item,) = send_under(client, "escapes").json()["unprocessed"]
    assert item["error"].startswith("\x1b[2J")
    assert "Skipped record number : " in item["error"]


def test_the_status_can_lie(client):
    answer = send_under(client, "lying-status").json()
    assert (answer["status"], answer["processed"]) == ("success", 0)
    assert len(answer["unprocessed"]) == 2
    assert values(client) == []


def test_an_answer_can_deny_what_it_counts(client):
    answer = send_under(client, "denied").json()
    (item,) = answer["unprocessed"]
    assert (answer["processed"], item["error"]) == (2, "Skipped record number : 1")
    assert values(client) == ["u1", "u2"]


def test_a_failure_can_name_no_record(client):
    empty = {"status": "fail", "processed": 0, "unprocessed": []}
    assert send_under(client, "fail-empty").json() == empty


def test_a_schema_can_drop_an_attribute_and_succeed(client):
    client.sandbox.script("schema-drop")
    answer = client.put("u1", {"A": 1, "B": 2, "C": 3})
    assert answer == {"status": "success", "processed": 1, "unprocessed": []}
    assert len(client.attributes("u1")) == 2


def test_a_slow_reply_comes_after_the_call_was_applied(serve):
    client = serve(slow_seconds=0.2)
    client.sandbox.script("slow")
    with pytest.raises(TimeoutError):
        client.send(*two(client), timeout=0.05)
    assert values(client) == ["u1", "u2"]


def test_a_slow_reply_arrives(serve):
    client = serve(slow_seconds=0.01)
    assert send_under(client, "slow").json()["processed"] == 2


def test_a_late_call_is_applied_after_its_client_has_left(serve):
    client = serve(slow_seconds=0.15)
    client.sandbox.script("late")
    with pytest.raises(TimeoutError):
        client.send(*two(client), timeout=0.03)
    assert values(client) == []
    assert eventually(lambda: values(client) == ["u1", "u2"])


def test_a_hanging_call_is_applied_and_never_answered(client):
    client.sandbox.script("hang")
    with pytest.raises(TimeoutError):
        client.send(*two(client), timeout=0.05)
    assert values(client) == ["u1", "u2"]
    assert client.send(*two(client)).status == 200
    assert client.rules() == []


def test_scripted_faults_are_met_in_order_one_a_call(client):
    client.sandbox.script("throttle", "none", "unavailable")
    assert [client.send().status for _ in range(4)] == [429, 200, 503, 200]


def test_reads_and_refused_credentials_meet_no_fault(client):
    client.sandbox.script("throttle")
    client.read(identity="u1")
    assert client.call("POST", "/1/upload", {"d": []}, {}).status == 401
    assert client.send().status == 429


def test_a_dry_run_meets_faults_and_still_changes_nothing(client):
    client.sandbox.script("lost")
    with pytest.raises(http.client.RemoteDisconnected):
        client.send(*two(client), dry_run=True)
    assert values(client) == []


def test_a_rate_of_one_meets_every_call(serve):
    client = serve(faults={"unavailable": 1.0})
    assert [client.send().status for _ in range(3)] == [503] * 3


def test_a_rate_is_met_about_as_often_as_it_says_and_repeats_with_the_seed(serve):
    def statuses():
        client = serve(faults={"unavailable": 0.3}, seed=5)
        return [client.send().status for _ in range(60)]

    first = statuses()
    assert 6 <= first.count(503) <= 30
    assert first == statuses()


def test_the_script_goes_before_the_rates(serve):
    client = serve(faults={"unavailable": 1.0})
    client.sandbox.script("none")
    assert [client.send().status for _ in range(2)] == [200, 503]


@pytest.mark.parametrize("rates", [{"lots": 0.5}, {"lost": 1.5}, {"lost": -0.1}])
def test_impossible_rates_are_refused(rates):
    with pytest.raises(ValueError, match=r"unknown faults|must be 0 to 1"):
        Sandbox(faults=rates)


def test_an_unknown_fault_cannot_be_scripted(client):
    with pytest.raises(ValueError, match="unknown faults: lots"):
        client.sandbox.script("lots")


def test_a_client_that_leaves_in_mid_request_changes_nothing(client):
    address = urlsplit(client.sandbox.url)
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(b"POST /1/upload HTTP/1.1\r\nContent-Length: 99\r\n\r\n{")
    assert client.send().status == 200
    assert len(client.platform.calls) == 1


def test_threads_end_with_their_connections(client):
    before = threading.active_count()
    for _ in range(5):
        client.send(*two(client))
    assert eventually(lambda: threading.active_count() <= before)


def eventually(condition):
    for _ in range(100):
        if condition():
            return True
        time.sleep(0.01)
    return False
