"""A plan as the report of a GitLab merge request."""

from ctsync.render.gitlab import Gitlab

RENDERER = Gitlab()
