"""Which host of an inventory this machine is."""
from __future__ import annotations

import platform
import socket

from holdfast.inventory.model import Inventory
from holdfast.problems import Problem, Problems
from holdfast_host.values import did_you_mean


def this_host(inventory: Inventory, named: str = "") -> str:
    """named: by --host; "": the host of this machine's name, whole or up to the first dot; where none is spelled just
    so, capitals count for nothing, as in DNS. Raises Problems."""
    if named:
        if named in inventory.hosts:
            return named
        raise Problems([Problem(f"there is no host `{named}` in what was pulled", None,
                                did_you_mean(named, inventory.hosts))])
    names = list(dict.fromkeys(name for full in (platform.node(), socket.getfqdn()) if full
                               for name in (full, full.partition(".")[0])))
    found = [name for name in names if name in inventory.hosts]
    if not found:
        lower = {name.lower() for name in names}
        found = [name for name in inventory.hosts if name.lower() in lower]
        found = found if len(found) == 1 else []
    if not found:
        raise Problems([Problem(f"no host in what was pulled is called {' or '.join(names)}", None,
                                "say which one this is: --host NAME")])
    return found[0]
