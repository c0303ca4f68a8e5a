"""Options of the whole suite."""

import os

from hypothesis import HealthCheck, settings

# Machines are shared and noisy, so no example is held to a time. Where a pipeline
# decides over a change, the examples are the same for all; elsewhere they wander.
settings.register_profile(
    "ctsync",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ctsync")


def pytest_addoption(parser):
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what the scenarios come to into their golden files",
    )
