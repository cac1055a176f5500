"""Fixtures that all tests may use. Here and not with `-p`: pytest-testinfra has a `host` too, and the last one wins."""
pytest_plugins = ["tests.lab.fixtures", "tests.dealing"]
