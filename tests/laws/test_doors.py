"""Law: the same wishes by the API or by SFTP end in the same profiles.

Files are put into the sandbox's other door, which reads them as the public docs on
imports have it, by none of the code that wrote them. Drawn is what both ways can say:
no counters, no commands, no removals but those of `Name` and `Gender`.
"""

import tempfile
from pathlib import Path
from unittest import mock

from door_world import CHANNELS, Door, profiles, wishes
from hypothesis import given, settings
from hypothesis import strategies as st

from ctsync.sandbox import SftpSettings


@settings(max_examples=8)
@given(turns=st.lists(wishes(), min_size=1, max_size=3))
def test_the_same_wishes_end_in_the_same_profiles(turns):
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.dict("os.environ", {"CLEVERTAP_PASSCODE": "sandbox"}),
    ):
        for name in ("api", "sftp"):
            Path(folder, name).mkdir()
        with (
            Door(Path(folder, "api"), ()) as api,
            Door(Path(folder, "sftp"), (), sftp=SftpSettings()) as sftp,
        ):
            sftp.open(CHANNELS)
            for turn, wanted in enumerate(turns):
                for world in (api, sftp):
                    world.declare(wanted)
                api.send(turn)
                sftp.put(turn)
                assert profiles(sftp) == profiles(api)
                assert sftp.json("plan")["changes"] == []
            assert sftp.sandbox.platform.call_count == 0
            assert sftp.sandbox.platform.violations == ()
