"""Agents that documents of kind `agent` declare, each reported as one."""
