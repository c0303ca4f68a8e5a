"""Pages by event, in the shapes that the vendor's own samples have."""

import json
from random import Random

import pytest

from ctsync.errors import TransportError
from ctsync.model.profile_key import ProfileKey
from ctsync.observe.read_pages import ALL_READ, EventPages, read_pages
from ctsync.observe.read_profiles import Reader
from ctsync.transport.upload_result import CallEnding, UploadResult

WANTED = EventPages("App Launched", 20261101, 20261130)
FIRST, SECOND = "ZiZjNwME+BQ/==", "ZiZjNwME%2BBQ%3D%3D"
PHONE = {"platform": "iOS", "push_token": "95f9", "objectId": "-1a063854"}
WEB = {"platform": "Web", "objectId": "a8ffcbc9-a747"}


def replied(document):
    return UploadResult(CallEnding.REPLIED, 200, json.dumps(document).encode())


def page(*records, following=None):
    said = {"status": "success", "previous_cursor": "x", "records": [*records]}
    return replied(said | ({} if following is None else {"next_cursor": following}))


class Answers:
    """Gives one answer after the other, and notes what was asked."""

    def __init__(self, *answers):
        self._answers = list(answers)
        self.asked = []

    def begin_pages(self, event, since, until, _):
        self.asked.append((event, since, until))
        return self._answers.pop(0)

    def page(self, cursor):
        self.asked.append(cursor)
        return self._answers.pop(0)


def reader(answers):
    return Reader(answers, Random(1), lambda _: None)


BEGUN = replied({"status": "success", "cursor": FIRST})


def test_pages_are_read_as_the_samples_show_them():
    named = {"identity": "5555555555", "profileData": {"favoriteFood": "pizza"}}
    answers = Answers(
        BEGUN,
        page({**named, "platformInfo": [PHONE, WEB]}, following=SECOND),
        page({"profileData": {}, "platformInfo": [PHONE]}, {"df": {"0": 68}}),
    )
    begun, first, last = read_pages(reader(answers), WANTED)
    assert (begun.readings, begun.cursor) == ((), FIRST)
    assert [each.key for each in first.readings] == [
        ProfileKey("identity", "5555555555")
    ]
    assert first.readings[0].profile.attributes["favoritefood"].value == "pizza"
    assert [each.key for each in last.readings] == [ProfileKey("objectId", "-1a063854")]
    assert last.cursor == ALL_READ
    # A cursor is given back as it came, encoded or not.
    assert answers.asked == [("App Launched", 20261101, 20261130), FIRST, SECOND]


def test_it_goes_on_from_a_cursor():
    answers = Answers(page({"identity": 7}))
    (only,) = read_pages(reader(answers), WANTED, SECOND)
    assert [each.key.id for each in only.readings] == ["7"]
    assert [*read_pages(reader(Answers()), WANTED, ALL_READ)] == []


def test_a_cursor_that_is_not_known_any_more_is_forgotten():
    forgotten = replied({"status": "fail", "error": "Invalid cursor", "code": 5})
    answers = Answers(*[forgotten] * 5, BEGUN, page())
    begun, _ = read_pages(reader(answers), WANTED, SECOND)
    assert begun.cursor == FIRST


@pytest.mark.parametrize("happened", [CallEnding.LOST, CallEnding.THROTTLED])
def test_a_storm_forgets_no_cursor(happened):
    answers = Answers(*[UploadResult(happened)] * 20)
    with pytest.raises(TransportError):
        next(read_pages(reader(answers), WANTED, SECOND))
    assert set(answers.asked) == {SECOND}


def test_a_cursor_that_comes_again_ends_it():
    answers = Answers(BEGUN, page(following=SECOND), page(following=SECOND))
    with pytest.raises(TransportError, match="twice"):
        list(read_pages(reader(answers), WANTED))
