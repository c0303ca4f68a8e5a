"""YAML files to trees with places: the only home of PyYAML."""
