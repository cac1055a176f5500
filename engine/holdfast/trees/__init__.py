"""YAML text as trees in which every value knows its place: strict as documents are read, or as Ansible reads."""
