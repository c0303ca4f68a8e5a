"""A plan as GitLab's Terraform report: three counts in the merge request's widget.

GitLab reads one object, `{"create": n, "update": n, "delete": n}`, from
`artifacts:reports:terraform` (GitLab's public docs).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ctsync.model.change import Change
from ctsync.render.json_text import json_text
from ctsync.render.view import PlanView, Style

_NAMES = ("create", "update", "delete")


class Gitlab:
    """`--format gitlab`; shows no single change.

    The counts share no profile, so that they add up to the profiles that the plan
    sends something for: `delete` are those that lose a value, created or updated;
    `create` and `update` are the others. Pure releases send nothing and count nowhere.
    """

    name = "gitlab"

    def render(self, view: PlanView, style: Style) -> Iterator[str]:  # noqa: ARG002
        """Yield the report.

        It counts the changes themselves: the summary's counts overlap, and know
        nothing of a selection made when showing.
        """
        counts = Counter(map(_sort_of, view.changes()))
        yield json_text({name: counts[name] for name in _NAMES}) + "\n"


def _sort_of(change: Change) -> str:
    return "delete" if change.removes else change.action


RENDERER = Gitlab()
