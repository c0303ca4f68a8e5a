"""What a writer of journals need not say anew."""

from ctsync.state.base import JournalWriter


class Noting(JournalWriter):
    """Notes what is appended, and whether that was to survive at once."""

    def __init__(self):
        self.noted, self.is_open = [], True

    def append(self, line, *, sync):
        self.noted.append((line, sync))

    def check_lock(self):
        """Nobody else writes here."""

    def close(self):
        self.is_open = False


def test_the_lines_of_a_plan_are_appended_one_by_one_wherever_pieces_end():
    with Noting() as writer:
        writer.append_plan([b'{"n":1}\n{"n"', b":2}", b"\n", b'{"n":3}\n'])
        assert writer.noted == [({"n": number}, False) for number in (1, 2, 3)]
        assert writer.is_open
    assert not writer.is_open
