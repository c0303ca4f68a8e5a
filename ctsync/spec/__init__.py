"""YAML to a checked project; the only home of yaml and jsonschema."""

from ctsync.spec.head import environment_names, is_complete
from ctsync.spec.load import load_project
from ctsync.spec.project import Project
from ctsync.spec.schema import project_schema, spec_schema

__all__ = [
    "Project",
    "environment_names",
    "is_complete",
    "load_project",
    "project_schema",
    "spec_schema",
]
