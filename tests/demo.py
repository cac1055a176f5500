"""`make demo`: three hosts, a state applied to them, one broken on purpose, its drift shown and healed."""
from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.lab import Lab, LabUnavailable

ROOT = Path(__file__).parents[1]
HOSTS = {"web1": {"role": "web", "env": "prod"}, "web2": {"role": "web", "env": "dev"},
         "db1": {"role": "db", "env": "prod"}}
SABOTAGE = ("echo 'welcome, intruder' > /etc/motd", "systemctl disable --now beacon",
            "chmod 666 /etc/beacon/beacon.conf")


def main() -> int:
    """Shows it; returns the exit code, 0 when everything went as told."""
    with tempfile.TemporaryDirectory(prefix="holdfast-demo-") as folder:
        try:
            with Lab.up("demo", list(HOSTS), tags=HOSTS, owner=os.getpid()) as lab:
                inventory = Path(folder) / "inventory.yml"
                inventory.write_text(lab.inventory())
                return on_lab(lab, inventory)
        except LabUnavailable as reason:
            say(f"No real hosts here: {reason}. So the demo has one host, this machine, and touches one folder only.")
            return on_folder(Path(folder).resolve())


def on_lab(lab: Lab, inventory: Path) -> int:
    """On real hosts."""
    document = Path("playbooks/quickstart.yml")
    say("Three hosts are up. This is what they should be:")
    show(ROOT / document)
    holdfast = Command(ROOT, ("-i", str(inventory)), str(document))

    def sabotage() -> None:
        say("Somebody breaks web1 by hand:")
        for command in SABOTAGE:
            print(f"    root@web1:~# {command}")
            lab.hosts["web1"].run(command)

    return story(holdfast, sabotage)


def on_folder(folder: Path) -> int:
    """Without root: files in a folder, over the local channel."""
    (folder / "playbooks").mkdir()
    (folder / "inventory.yml").write_text(textwrap.dedent(f"""\
        inventory: demo
        hosts:
          here:
            channel: local
            folder: {folder}/runner
        """))
    document = Path("playbooks/demo.yml")
    (folder / document).write_text(textwrap.dedent(f"""\
        state: demo
        targets: all
        vars:
          site: {folder}/site
        resources:
          - directory: "{{{{ site }}}}"
          - file: "{{{{ site }}}}/motd"
            content: |
              This is {{{{ inventory_hostname }}}}, kept by Holdfast.
            mode: "0644"
          - link: "{{{{ site }}}}/current"
            to: motd
        """))
    say(f"In {folder}, this is what the host `here` (this machine) should be:")
    show(folder / document)

    def sabotage() -> None:
        say("Somebody breaks it by hand:")
        for command in (f"echo 'welcome, intruder' > {folder}/site/motd", f"rm {folder}/site/current"):
            print(f"    $ {command}")
            subprocess.run(command, shell=True, check=True)

    return story(Command(folder, ("-i", "inventory.yml"), str(document)), sabotage)


@dataclass(frozen=True)
class Command:
    """`holdfast`, run as a user would run it. folder: where; options: that stand before the command."""

    folder: Path
    options: tuple[str, ...]
    document: str

    def __call__(self, command: str, *more: str) -> int:
        """Its output goes to the same screen; returns its exit code."""
        words = [*self.options, command, self.document, *more]
        shown = [Path(word).name if word.startswith("/") else word for word in words]
        print(f"$ holdfast {' '.join(shown)}", flush=True)
        program = Path(sys.executable).parent / "holdfast"
        return subprocess.run([str(program), *words], cwd=self.folder, check=False).returncode


def story(holdfast: Command, sabotage: Callable[[], None]) -> int:
    """Applied, broken, shown, healed; returns the exit code, 0 when everything went as told."""
    say("Make it so.")
    codes = [holdfast("apply")]
    say("Once more: nothing is left to do.")
    codes.append(holdfast("apply", "--exit-code"))
    sabotage()
    say("What has drifted? (-: what is there, +: what is declared)")
    codes.append(holdfast("drift", "--exit-code"))
    say("Put it back.")
    codes.append(holdfast("apply"))
    say("And now?")
    codes.append(holdfast("drift", "--exit-code"))
    is_well = codes == [0, 0, 3, 0, 0]
    say("Declared, applied, broken, shown, healed. Next: docs/tutorial.md" if is_well else
        f"This did not go as it should: the exit codes were {codes}, not [0, 0, 3, 0, 0].")
    return 0 if is_well else 1


def show(document: Path) -> None:
    """A document, as part of the story."""
    print(textwrap.indent(document.read_text(), "    "), end="", flush=True)


def say(text: str) -> None:
    """A line of the story."""
    print(f"\n\033[1m# {text}\033[0m" if sys.stdout.isatty() else f"\n# {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
