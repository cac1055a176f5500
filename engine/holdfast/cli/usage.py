"""What people type who come from other tools, and what it is here. Only read when something is unknown."""
from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from holdfast_host.values import did_you_mean

_TARGETS = "hosts are chosen with -t: -t web1, -t group:webs, -t 'role=web and not env=prod'"
_PLAN = "`holdfast plan` shows what would change, with diffs, and changes nothing"
_IN_INVENTORY = "how hosts are reached is said in the inventory: `user`, `key`, `become`"
OPTIONS: Mapping[str, str] = {
    **dict.fromkeys(("-l", "--limit", "--hosts", "--host", "--target"), _TARGETS),
    **dict.fromkeys(("--check", "--dry-run", "--noop", "-n", "--test"), _PLAN),
    **dict.fromkeys(("-e", "--extra-vars", "--var", "--vars"), "variables are given with --set NAME=VALUE"),
    **dict.fromkeys(("-b", "--become", "-K", "--become-user", "--sudo"),
                    f"{_IN_INVENTORY}; --ask-become-password asks for the password"),
    **dict.fromkeys(("--tags", "--skip-tags"), "what is to be done apart is a document of its own: name its file"),
    **dict.fromkeys(("-f", "--forks", "--parallel"), "write --at-once 50"),
    **dict.fromkeys(("-D",), "differences are shown by `plan`, and by `apply --diff`"),
    **dict.fromkeys(("-y", "--yes"), "only `undo` asks before it acts; `holdfast plan` shows what others would do"),
    "--syntax-check": "`holdfast validate` touches no host",
    "--list-hosts": "`holdfast inventory select EXPRESSION` lists them",
    "--start-at-task": "`holdfast apply --resume RUN` takes up what was left",
}


def mend(message: str, commands: Collection[str]) -> str:
    """For what argparse says is wrong; "": nothing better is known."""
    unknown = re.search(r"unrecognized arguments: (\S+)", message)
    if unknown:
        return OPTIONS.get(unknown[1].partition("=")[0], "")
    command = re.search(r"argument COMMAND: invalid choice: '([^']*)'", message)
    return did_you_mean(command[1], commands) if command else ""
