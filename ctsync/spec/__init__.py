"""YAML to a checked project; the only home of yaml and jsonschema."""
