"""`ctsync validate`: everything that is wrong with a project, offline."""

from __future__ import annotations

from pathlib import Path

import click

from ctsync.cli.options import Settings, global_options
from ctsync.cli.output import require_format, write


@click.command("validate")
@click.argument("project", type=click.Path(path_type=Path), required=False)
@click.option("--strict", is_flag=True, help="Take warnings for errors.")
@global_options
@click.pass_obj
def COMMAND(  # noqa: N802 - found by this name
    settings: Settings, project: Path | None, *, strict: bool
) -> int:
    """Find everything that is wrong with a project, offline.

    Checks files, language, names, values and owners, and exits 1 if there are errors.
    Without --env every environment is checked. specs/README.md explains every code.
    """
    from ctsync.cli.checking import check_everywhere
    from ctsync.render.findings import render_findings

    require_format(settings, "text", "json", "github")
    findings = check_everywhere(settings, project)
    failed = findings.has_errors or (strict and findings.count("warning") > 0)
    write(render_findings(findings, settings.format, exit_code=int(failed)))
    return int(failed)
