"""A plan as GitHub workflow commands."""

from ctsync.render.github import Github

RENDERER = Github()
