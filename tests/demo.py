"""`make demo`: three hosts, a state applied to them, one broken on purpose, its drift shown and healed."""
from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import textwrap
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
            say(f"No lab hosts here ({reason}); the demo uses the local channel, in a folder of its own.")
            return on_folder(Path(folder))


def on_lab(lab: Lab, inventory: Path) -> int:
    """On real hosts."""
    quickstart = "playbooks/quickstart.yml"
    say("Three hosts are up. This is what they should be:")
    print(textwrap.indent((ROOT / quickstart).read_text(), "    "))
    say("Make it so.")
    first = holdfast("-i", str(inventory), "apply", quickstart)
    say("Once more: nothing is left to do.")
    again = holdfast("-i", str(inventory), "apply", quickstart, "--exit-code")
    say("Somebody breaks web1 by hand:")
    for command in SABOTAGE:
        print(f"    root@web1:~# {command}")
        lab.hosts["web1"].run(command)
    say("What has drifted?")
    drift = holdfast("-i", str(inventory), "drift", quickstart, "--exit-code")
    say("Put it back.")
    healed = holdfast("-i", str(inventory), "apply", quickstart)
    say("And now?")
    after = holdfast("-i", str(inventory), "drift", quickstart, "--exit-code")
    return verdict(first == 0 and again == 0 and drift == 3 and healed == 0 and after == 0)


def on_folder(folder: Path) -> int:
    """Without root: files in a folder, over the local channel."""
    place = folder / "host"
    (folder / "playbooks").mkdir()
    (folder / "inventory.yml").write_text(
        f"inventory: demo\nhosts:\n  here:\n    channel: local\n    folder: {folder}/state\n")
    (folder / "playbooks" / "demo.yml").write_text(textwrap.dedent(f"""\
        state: demo
        targets: all
        resources:
          - directory: {place}
          - file: {place}/motd
            content: |
              Kept by Holdfast.
            mode: "0644"
        """))
    arguments = ("-i", str(folder / "inventory.yml"), "-C", str(folder))
    first = holdfast(*arguments, "apply")
    (place / "motd").write_text("welcome, intruder\n")
    say(f"Somebody changes {place}/motd by hand. What has drifted?")
    drift = holdfast(*arguments, "drift", "--exit-code")
    say("Put it back.")
    healed = holdfast(*arguments, "apply")
    after = holdfast(*arguments, "drift", "--exit-code")
    return verdict(first == 0 and drift == 3 and healed == 0 and after == 0)


def holdfast(*arguments: str) -> int:
    """Runs the command as a user would, with its output on the same screen; returns its exit code."""
    shown = [Path(word).name if word.startswith("/") else word for word in arguments]
    print(f"$ holdfast {' '.join(shown)}", flush=True)
    return subprocess.run([str(Path(sys.executable).parent / "holdfast"), *arguments], cwd=ROOT, check=False).returncode


def say(text: str) -> None:
    """A line of the story."""
    print(f"\n\033[1m# {text}\033[0m" if sys.stdout.isatty() else f"\n# {text}", flush=True)


def verdict(is_well: bool) -> int:
    """The last line."""
    say("Declared, applied, broken, shown, healed." if is_well else "Something above did not go as it should.")
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
