"""YAML to a checked project; the only home of yaml and jsonschema."""

from ctsync.project.load_project import load_project
from ctsync.project.project import Project
from ctsync.project.project_file import environment_names, is_complete
from ctsync.project.schema.documents import project_schema, spec_schema

__all__ = [
    "Project",
    "environment_names",
    "is_complete",
    "load_project",
    "project_schema",
    "spec_schema",
]
