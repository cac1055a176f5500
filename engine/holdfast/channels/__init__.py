"""Ways to reach a host: local, ssh."""
