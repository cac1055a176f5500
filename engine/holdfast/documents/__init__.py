"""YAML to validated documents that remember file, line and column."""
