"""`ctsync schema`: JSON Schema for editors."""

from __future__ import annotations

import click

from ctsync.cli.global_options import GlobalOptions, global_options
from ctsync.cli.terminal.output import print_document, require_format


@click.command("schema")
@click.argument("what", type=click.Choice(("project", "spec")), default="spec")
@global_options
@click.pass_obj
def COMMAND(settings: GlobalOptions, what: str) -> int:  # noqa: N802 - found by this name
    """Print the JSON Schema of project or spec files, for editors.

    "project" is ctsync.yaml, "spec" any other file; default: spec. Inside a project it
    knows the catalog, so that editors complete attribute names.
    """
    from ctsync.canonical_json import canonical
    from ctsync.cli.project_session import open_session
    from ctsync.model.operation import API
    from ctsync.project import project_schema, spec_schema

    require_format(settings, "text", "json")
    rules, removals = None, API
    if (settings.directory / "ctsync.yaml").is_file():
        project = open_session(settings).project
        rules, removals = project.catalog.values(), project.channels.removals
    build = spec_schema if what == "spec" else project_schema
    print_document([canonical(build(rules, removals=removals)).decode(), "\n"])
    return 0
