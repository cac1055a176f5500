"""Answers, with Ansible's own code, what `ansible-inventory --list` gives: one process for many inventories.

Run as a program it reads a JSON object a line, {"sources": […], "folder": where they are}, and answers each with one:
{"gives": …, "failures": […], "warnings": […]}. failures: what it could not read, or only a part of.
"""
from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any


class Oracle:
    """The process, seen from the tests. Ended by `close`."""

    def __init__(self, home: str) -> None:
        """home: an empty folder, so that no settings of the user's count."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        config = os.path.join(home, "ansible.cfg")
        with open(config, "w", encoding="utf-8"):
            pass
        self.process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=home, text=True,
            env={**environment, "ANSIBLE_CONFIG": config, "ANSIBLE_HOME": home, "HOME": home, "PYTHONUTF8": "1"})

    def ask(self, sources: list[str], folder: str) -> dict[str, Any]:
        """The answer for the inventory of these sources."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"sources": sources, "folder": folder}) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def close(self) -> None:
        """Ends the process."""
        self.process.communicate()


def _serve() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)

    from ansible.cli.inventory import InventoryCLI
    from ansible.inventory.manager import InventoryManager
    from ansible.parsing.dataloader import DataLoader
    from ansible.plugins.loader import init_plugin_loader
    from ansible.utils.display import Display
    from ansible.vars.manager import VariableManager

    said: list[str] = []
    Display.warning = lambda self, msg, *more, **others: said.append(str(msg))
    Display.error_as_warning = lambda self, msg, exception, *more, **others: said.append(f"Failed: {msg} {exception}")
    cli = InventoryCLI(["ansible-inventory", "--list"])
    cli.parse()
    init_plugin_loader()
    for line in sys.stdin:
        question = json.loads(line)
        said.clear()
        gives, failures = None, []
        try:
            cli.loader = DataLoader()
            # it stands in an empty folder all the time: it would read, once for all, the group_vars/ of the first other
            sources = [each if "," in each else os.path.join(question["folder"], each) for each in question["sources"]]
            cli.inventory = InventoryManager(cli.loader, sources)
            cli.vm = VariableManager(cli.loader, cli.inventory)
            gives = json.loads(cli.dump(cli.json_inventory(cli._get_group("all"))))
        except Exception as error:
            failures.append(f"{type(error).__name__}: {error}")
        failures += [each for each in said if each.startswith(("Failed", "Unable to parse", "No inventory was parsed"))]
        answer = {"gives": gives, "failures": failures, "warnings": [each for each in said if each not in failures]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    _serve()
