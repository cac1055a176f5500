"""Hosts, groups, tags, variables and target expressions; Holdfast's own format, Ansible's, and executable ones."""
