"""A plan as GitLab's Terraform report: three counts in the merge request's widget.

GitLab reads one object, `{"create": n, "update": n, "delete": n}`, from
`artifacts:reports:terraform` (GitLab's public docs).
"""

from __future__ import annotations

from collections.abc import Iterator

from ctsync.render.plan_view import PlanView, Style
from ctsync.render.safe_json import json_text


class Gitlab:
    """`--format gitlab`; shows no single change.

    The counts share no profile, so that they add up to the profiles that the plan
    sends something for: `delete` are those that lose a value, created or updated;
    `create` and `update` are the others. Pure releases send nothing and count nowhere.
    """

    name = "gitlab"

    def render(self, view: PlanView, style: Style) -> Iterator[str]:  # noqa: ARG002
        """Yield the report.

        The summary's counts would not do: they overlap, and know nothing of a
        selection made when showing.
        """
        survey = view.foot.survey
        deleted = survey.having("removals")
        created = survey.having("creations") - survey.having("creations", "removals")
        sent = survey.changes - survey.only("releases")
        updated = sent - deleted - created
        report = {"create": created, "update": updated, "delete": deleted}
        yield json_text(report) + "\n"


RENDERER = Gitlab()
