import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for `exported`

from ctsync.channels.base import ChannelSettings


@pytest.fixture
def settings():
    return ChannelSettings(timezone="Asia/Kolkata", email="ops@example.com")
