"""Ansible with Mitogen: the same playbook, one Python kept on each host for the whole run."""

from __future__ import annotations

from pathlib import Path

from tests.bench import ansible, venv
from tests.bench.tool import CannotMeasure, Fleet, Tool

VERSION = "0.3.54"


def tool(fleet: Fleet, folder: Path) -> Tool:
    """Installs it and writes its project into the folder. Raises CannotMeasure."""
    requirements = (f"mitogen=={VERSION}", f"ansible-core=={ansible.VERSION}")
    home = venv.ready(f"mitogen-{VERSION}", requirements)
    found = sorted(home.glob("lib/python3*/site-packages/ansible_mitogen/plugins/strategy"))
    if not found:
        raise CannotMeasure("mitogen: its package has no strategy plugins")
    more = f"strategy_plugins = {found[0]}\nstrategy = mitogen_linear\n"
    version = f"Mitogen {VERSION} in ansible-core {ansible.VERSION}"
    return ansible.described("mitogen", version, home, fleet, folder, more)
