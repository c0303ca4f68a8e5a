"""The JSON Schemas of project and spec files."""
