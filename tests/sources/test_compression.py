import random

import pyarrow as pa
import pytest

from ctsync.formats.compression import is_whole, unpacked

RANDOM = random.Random(7)
PLAIN = [b"", b"x", b"x" * 300_000, RANDOM.randbytes(300_000), b"ab" * 500]
SKIPPABLE = b"\x53\x2a\x4d\x18\x05\x00\x00\x00hello"


def frame(data):
    return pa.compress(data, "zstd", asbytes=True)


def streamed(data):
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize("pack", [frame, streamed])
@pytest.mark.parametrize("data", PLAIN, ids=len)
def test_a_zstandard_file_is_whole_to_its_last_byte_only(tmp_path, pack, data):
    path = tmp_path / "a.zst"
    whole = pack(data)
    path.write_bytes(whole)
    assert is_whole(path)
    cuts = {*range(1, 40), *range(len(whole) - 40, len(whole)), len(whole) // 2}
    for cut in cuts:
        if 0 <= cut < len(whole):
            path.write_bytes(whole[:cut])
            assert not is_whole(path), cut
    path.write_bytes(whole + b"x")
    assert not is_whole(path)


def test_frames_and_what_may_be_skipped_follow_one_another(tmp_path):
    path = tmp_path / "a.zst"
    path.write_bytes(frame(b"one\n") + SKIPPABLE + streamed(b"two\n") + SKIPPABLE)
    assert is_whole(path)
    path.write_bytes(SKIPPABLE[:-1])
    assert not is_whole(path)


def test_what_is_packed_is_read_unpacked(tmp_path, make):
    text = b"one\ntwo\n" * 50_000
    for packing in ("", ".gz", ".zst"):
        path = tmp_path / f"a{packing}"
        path.write_bytes(make["packed"](text, packing))
        with unpacked(path) as lines:
            assert b"".join(lines) == text
