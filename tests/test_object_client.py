"""What addresses of buckets mean, and how their clients are opened."""

import obstore
import obstore.exceptions
import obstore.store
import pytest

from ctsync import object_client
from ctsync.bucket_address import Address, address_of, is_address
from ctsync.errors import UsageError
from ctsync.object_client import Trouble, trouble_of, without_panic


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("s3://b/x.csv", True),
        ("gs://", True),
        ("az://c", True),
        ("S3://b/x.csv", False),
        ("s3:/b/x.csv", False),
        ("s3a://b/x.csv", False),
        ("https://b/x.csv", False),
        ("export/s3://b/x.csv", False),
        ("s3", False),
    ],
)
def test_an_address_begins_with_a_scheme_in_lower_case(text, is_one):
    assert is_address(text) is is_one


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("s3://b", ("s3", "b", "")),
        ("s3://b/", ("s3", "b", "")),
        ("gs://b.c_d-1/x/y.csv", ("gs", "b.c_d-1", "x/y.csv")),
        ("az://b/%2e%2e/x", ("az", "b", "%2e%2e/x")),
    ],
)
def test_an_address_is_a_bucket_and_what_stands_behind_it(text, address):
    assert address_of(text) == Address(*address)


@pytest.mark.parametrize(
    "text",
    ["s3://", "s3:///x", "s3://../x", "s3://a@b/x", "s3://b:80/x", "s3://[::1]/x",
     "s3://b%2fc/x", "s3://b\\c/x", "s3://b/x?sig=s3cret", "s3://b/x#y", "s3://b/a@b",
     "s3://b/x\n", "s3://b c/x"],
)  # fmt: skip
def test_what_no_bucket_has_for_a_name_is_no_address(text):
    assert address_of(text) is None


@pytest.mark.parametrize(
    ("variables", "is_allowed"),
    [
        ({}, False),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9000"}, True),
        ({"AWS_ENDPOINT": "http://localhost:9000"}, True),
        ({"AWS_ENDPOINT_URL_S3": "http://[::1]:9000"}, True),
        ({"AWS_ENDPOINT_URL": "http://10.0.0.7:9000"}, False),
        ({"AWS_ENDPOINT_URL": "http://localhost.example.com"}, False),
        ({"AWS_ENDPOINT_URL": "http://[not/a/host"}, False),
        ({"AWS_ENDPOINT_URL": "no url"}, False),
        ({"AWS_ENDPOINT_URL": "https://s3.x", "AWS_ENDPOINT": "http://[::1]"}, True),
    ],
)
def test_only_this_machine_is_reached_without_encryption(variables, is_allowed):
    assert object_client._plain_http(variables) == (
        {"allow_http": True} if is_allowed else {}
    )


def test_a_token_of_google_is_shown_to_google_alone():
    token = {"GOOGLE_OAUTH_ACCESS_TOKEN": "t0ken"}
    given = object_client._given_token(Address("gs", "b", ""), token)
    assert given["credential_provider"]()["token"] == "t0ken"
    assert object_client._given_token(Address("s3", "b", ""), token) == {}
    assert object_client._given_token(Address("gs", "b", ""), {}) == {}


@pytest.mark.parametrize("prefix", ["", "crm/prod"])
@pytest.mark.parametrize(
    ("scheme", "client"), [("s3", "S3Store"), ("gs", "GCSStore"), ("az", "AzureStore")]
)
def test_a_place_is_opened_by_its_client_and_inside_of_its_folder(
    monkeypatch, scheme, client, prefix
):
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "account")
    opened = object_client.open_objects(obstore, Address(scheme, "b", prefix), {})
    assert type(opened) is getattr(obstore.store, client)
    assert opened.prefix == (prefix or None)
    assert opened.client_options["user_agent"] == "ctsync"


@pytest.mark.parametrize(
    ("kind", "words", "trouble"),
    [
        ("GenericError", "DNS error at x", Trouble.NO_HOST),
        ("GenericError", "cut off", Trouble.NO_ANSWER),
        ("GenericError", "404: NoSuchBucket", Trouble.NO_BUCKET),
        ("GenericError", "The specified bucket does not exist", Trouble.NO_BUCKET),
        ("GenericError", "ContainerNotFound", Trouble.NO_BUCKET),
        ("PermissionDeniedError", "403", Trouble.DENIED),
        ("UnauthenticatedError", "401", Trouble.DENIED),
    ],
)
def test_what_the_client_raises_has_a_meaning(kind, words, trouble):
    assert trouble_of(getattr(obstore.exceptions, kind)(words)) is trouble


@pytest.mark.parametrize(
    ("scheme", "name", "value"),
    [
        *(
            ("s3", "AWS_ENDPOINT_URL", value)
            for value in (
                *("localhost:9000", "s3cret", "https://", "http://a b", "http://[::1"),
                *("//x", "http://x:65536", 'http://x/"', "http://x\n", "ftp://x"),
            )
        ),
        ("s3", "AWS_ENDPOINT", "localhost:9000"),
        ("s3", "AWS_ENDPOINT_URL_S3", "localhost:9000"),
        ("s3", "AWS_REGION", "eu west"),
        ("s3", "AWS_DEFAULT_REGION", "eu\u00e9"),
        ("s3", "AWS_ACCESS_KEY_ID", "s3cret\n"),
        ("s3", "AWS_SESSION_TOKEN", "s3cret\r\n"),
        ("gs", "GOOGLE_OAUTH_ACCESS_TOKEN", "s3cret\n"),
    ],
)
def test_what_no_request_can_hold_is_told_by_the_name_of_its_variable(
    scheme, name, value
):
    """The client itself would end the process over most of it."""
    with pytest.raises(UsageError) as refused:
        object_client.open_objects(obstore, Address(scheme, "b", ""), {name: value})
    said = f"{refused.value} {refused.value.hint}"
    assert name in said
    assert "s3cret" not in said


@pytest.mark.parametrize(
    "endpoint",
    ["", "http://127.0.0.1:9000", "http://[::1]:65535/", "HTTPS://s3.eu-1.x.example",
     "https://user:pass@x_y.example/a/b%20c"],
)  # fmt: skip
def test_addresses_of_servers_are_taken(endpoint):
    variables = {"AWS_ENDPOINT_URL": endpoint, "AWS_SESSION_TOKEN": "a+/b=="}
    object_client.open_objects(obstore, Address("s3", "b", ""), variables)


class PanicException(BaseException):
    """What no one who tells of errors would catch."""


def test_a_client_that_gives_up_is_an_error_and_nothing_else_is():
    with pytest.raises(ValueError, match="gave up"), without_panic():
        raise PanicException
    with pytest.raises(KeyboardInterrupt), without_panic():
        raise KeyboardInterrupt
