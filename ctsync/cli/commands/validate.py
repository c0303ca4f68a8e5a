"""`ctsync validate`: everything that is wrong with a project, offline."""

from __future__ import annotations

from pathlib import Path

import click

from ctsync.cli.completion.offered_files import offer_projects
from ctsync.cli.global_options import GlobalOptions, global_options
from ctsync.cli.terminal.output import print_document, require_format


@click.command("validate")
@click.argument(
    "project",
    type=click.Path(path_type=Path),
    required=False,
    shell_complete=offer_projects,
)
@click.option("--strict", is_flag=True, help="Take warnings for errors.")
@global_options
@click.pass_obj
def COMMAND(  # noqa: N802 - found by this name
    settings: GlobalOptions, project: Path | None, *, strict: bool
) -> int:
    """Find everything that is wrong with a project, offline.

    Checks files, language, names, values and owners, and exits 1 if there are errors.
    Without --env every environment is checked. specs/README.md explains every code.
    """
    from ctsync.cli.terminal.output import has_colour
    from ctsync.cli.validate_command import check_everywhere, seen_from_here
    from ctsync.render.diagnostics_text import render_findings
    from ctsync.render.gitlab_code_quality import code_quality

    require_format(settings, "text", "json", "github", "gitlab")
    settings.project = project
    findings = check_everywhere(settings, project)
    failed = findings.has_errors or (strict and findings.count("warning") > 0)
    if settings.format == "gitlab":
        print_document(code_quality(findings, seen_from_here(settings, project)))
        return int(failed)
    colour = settings.format == "text" and has_colour(settings)
    print_document(
        render_findings(
            findings, settings.format, exit_code=int(failed), colour=colour
        ),
        as_commands=settings.format == "github",
    )
    return int(failed)
