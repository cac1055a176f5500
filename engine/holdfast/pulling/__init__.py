"""A host that keeps itself: fetch a project, verify it, apply what it says of this host."""
