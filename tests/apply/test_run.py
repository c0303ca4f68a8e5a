"""Whole applies against the sandbox and a real state file."""


def test_an_apply_reaches_the_platform_and_the_state(world):
    wants = {
        "u1": (
            world.string("Plan", "Gold"),
            world.counter("Points", 5),
            world.values("Tags", "a", "b"),
        ),
        "u2": (world.string("Plan", "Free"),),
    }
    result = world.bring(wants)
    assert result.exit_code == 0
    assert result.counts == {
        "acknowledged": 2, "rejected": 0, "unknown": 0, "not_sent": 0,
    }  # fmt: skip
    assert world.attributes("u1") == {"Plan": "Gold", "Points": 5, "Tags": ["a", "b"]}
    assert world.changes(wants) == []
    assert world.entries()["u2"].fingerprint is not None
