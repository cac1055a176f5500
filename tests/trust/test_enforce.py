"""Hosts are kept as declared without anyone: what is put back, what is left alone, who is told, what survives."""
from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.lab import Lab
from tests.lab.host import LabHost
from tests.trust.site import Site, objects_of
from tests.waiting import until

ENGINE = Path(__file__).parents[2] / "engine"
MOTD, APP = "file: /etc/motd", "file: /etc/app.conf"
DOCUMENT = """\
    state: base
    targets: all
    resources:
      - file: /etc/motd
        content: "kept\\n"
      - file: /etc/app.conf
        content: "level = 1\\n"
      - command: date
        always: true
    ---
    association: keep
    documents: base
    every: {every}
    hooks:
      - command: sh -c 'cat >> hooked; echo >> hooked'
      - command: sh -c 'echo x >> tried; exit 1'
        on: [fight]
"""


def told(site: Site) -> list[tuple[str, str, str]]:
    """What the hook has been told: event, host, resource. What was in hand at a kill is told again under its number."""
    path = site.folder / "hooked"
    events = {one["delivery"]: one for one in (objects_of(path.read_text()) if path.exists() else ())}
    return [(one["event"], one["host"], one.get("resource", "")) for one in events.values()]


def standings(site: Site) -> dict[str, str]:
    return {one["host"]: one["status"] for one in site.run("enforce", "--status", "--json").of("standing")}


def episodes(site: Site, host: str, resource: str) -> list[dict[str, Any]]:
    return site.run("drift", "--history", "--json").of("episode", host=host, resource=resource)


def test_drift_is_put_back_held_or_given_up_and_told_apart_from_changes_of_documents(
        site: Site, clean_hosts: Mapping[str, LabHost]) -> None:
    site.write(DOCUMENT.format(every="1h"))
    first = site.run("enforce", "--once", "--json")
    assert first.code == 0 and standings(site) == {"h1": "good", "h2": "good", "h3": "good"}, first.text
    (done,), listed = first.of("round_done"), site.run("runs", "list", "--json").objects
    assert done["changed"] == 3 and done["run"] == listed[0]["run"], "no drift, but to be seen"
    assert "run" not in site.run("enforce", "--once", "--json").of("round_done")[0]
    assert {one["cause"] for one in episodes(site, "h1", MOTD)} == {"intended"}
    assert told(site) == [], "what a document brings is no drift"

    h1 = clean_hosts["h1"]
    for number in range(3):  # somebody changes it again and again
        h1.run("echo mine > /etc/motd")
        site.run("enforce", "--once")
        assert h1.run("cat /etc/motd").stdout == "kept\n", number
    assert told(site) == [("drift", "h1", MOTD), ("healed", "h1", MOTD)] * 3
    h1.run("echo mine > /etc/motd; echo 'level = 2' > /etc/app.conf")
    fourth = site.run("enforce", "--once", "--json")
    assert h1.run("cat /etc/motd /etc/app.conf").stdout == "mine\nlevel = 1\n", "the fight is left, the rest is not"
    assert [one["resource"] for one in fourth.of("fight")] == [MOTD] and standings(site)["h1"] == "drifted"
    assert told(site)[-4:].count(("fight", "h1", MOTD)) == 1
    site.run("enforce", "--once")
    assert told(site).count(("fight", "h1", MOTD)) == 1, "named once"
    assert site.run("hold", "release", "h1", MOTD).code == 0
    site.run("enforce", "--once")
    assert h1.run("cat /etc/motd").stdout == "kept\n"

    h1.run("echo 'level = 9' > /etc/app.conf")  # an emergency fix
    assert site.run("hold", "h1", "file: /etc/app.con", "--until", "1h", "--owner", "ada", "--why", "INC-1").code == 2
    held = site.run("hold", "h1", APP, "--until", "1h", "--owner", "ada", "--why", "INC-1")
    assert held.code == 0, held.text
    site.run("enforce", "--once")
    applied = site.run("apply", "--json")
    assert h1.run("cat /etc/app.conf").stdout == "level = 9\n"
    assert "INC-1" in applied.of("noticed", host="h1")[0]["message"]
    assert APP not in applied.resources("h1") and applied.resources("h2")[APP] == "ok"
    assert "INC-1" in site.run("plan", "-v").text and standings(site)["h1"] == "held"
    site.run("hold", "release", "h1", APP)
    site.run("enforce", "--once")
    assert h1.run("cat /etc/app.conf").stdout == "level = 1\n"
    last = episodes(site, "h1", APP)[-1]
    assert last["cause"] == "corrective" and last["by"].startswith("enforce keep by ") and last["diffs"]

    site.write(DOCUMENT.format(every="1h").replace("level = 1", "level = 5"))  # the document moves, on all hosts
    site.run("enforce", "--once")
    assert h1.run("cat /etc/app.conf").stdout == "level = 5\n" and episodes(site, "h1", APP)[-1]["cause"] == "intended"
    moved = DOCUMENT.format(every="1h").replace("level = 1", "level = 5")
    site.write(moved.replace("association: keep\n", "association: keep\n    action: report\n"))
    h1.run("echo 'level = 9' > /etc/app.conf")
    site.run("enforce", "--once")
    assert h1.run("cat /etc/app.conf").stdout == "level = 9\n" and standings(site)["h1"] == "drifted"


def test_a_host_that_was_away_is_caught_up_and_a_kill_loses_nothing(
        site: Site, lab: Lab, clean_hosts: Mapping[str, LabHost]) -> None:
    site.write(DOCUMENT.format(every="1h"))
    assert site.run("enforce", "--once").code == 0
    h1, h2 = clean_hosts["h1"], clean_hosts["h2"]
    h2.run("echo mine > /etc/motd")
    h2.cut()
    h1.run("echo mine > /etc/motd")
    enforcing = site.start("enforce", "--metrics-file", "metrics.prom", "--json")
    try:
        until(lambda: ("healed", "h1", MOTD) in told(site))
        until(lambda: standings(site)["h2"] == "unreachable")
        looked_back = site.run("drift", "--history", "--json")
        assert {one["host"]: one["status"] for one in looked_back.of("standing")} == {"h2": "unreachable"}
        assert "h2: unreachable since" in site.run("drift", "--history", "-t", "h2").text, "no drift is not none"
        os.kill(enforcing.pid, signal.SIGKILL)
        enforcing.communicate()
        h2.mend()
        enforcing = site.start("enforce", "--metrics-file", "metrics.prom", "--json")
        until(lambda: ("healed", "h2", MOTD) in told(site))
        assert h2.run("cat /etc/motd").stdout == "kept\n"
        assert site.run("enforce", "--once").code == 2, "one process at a time"
        until(lambda: standings(site) == {"h1": "good", "h2": "good", "h3": "good"})
        until(lambda: 'holdfast_host_status{association="keep",host="h2",status="good"} 1.0'
              in (site.folder / "metrics.prom").read_text())
    finally:
        enforcing.terminate()
        enforcing.communicate(timeout=60)
    assert enforcing.returncode == 0 and not (site.folder / "metrics.prom").exists()
    assert told(site).count(("healed", "h1", MOTD)) == 1 and told(site).count(("drift", "h2", MOTD)) == 1


def test_killed_anywhere_in_a_repair_it_is_put_back_once_and_told(
        site: Site, clean_hosts: Mapping[str, LabHost]) -> None:
    site.write(DOCUMENT.format(every="1h\n    damping: {repairs: 99}"))
    assert site.run("enforce", "--once").code == 0
    h1 = clean_hosts["h1"]
    for number, delay in enumerate((0.8, 1.4, 1.8, 2.2)):
        h1.run(f"echo 'level = {number}7' > /etc/app.conf")
        enforcing = site.start("enforce", "--once")
        time.sleep(delay)
        enforcing.kill()
        enforcing.communicate()
        site.run("enforce", "--once")
        assert h1.run("cat /etc/app.conf").stdout == "level = 1\n"
        found = [one for one in episodes(site, "h1", APP) if one["cause"] == "corrective"]
        assert len(found) == number + 1 and all(one["ended"] for one in found), json.dumps(found)
    assert told(site).count(("drift", "h1", APP)) == told(site).count(("healed", "h1", APP)) == 4


def test_what_moves_between_a_look_and_its_repair_is_put_back_and_told(
        site: Site, clean_hosts: Mapping[str, LabHost]) -> None:
    """The second file is altered while the first one is put back, by what its validation starts."""
    site.write(DOCUMENT.format(every="1h").replace("    resources:", '''    resources:
      - file: /etc/first
        content: "kept\\n"
        validate: sh -c 'test ! -e /root/armed || echo mine > /etc/motd' %s'''))
    h1 = clean_hosts["h1"]
    assert site.run("enforce", "--once").code == 0
    h1.run("touch /root/armed; echo mine > /etc/first")
    assert site.run("enforce", "--once").code == 0
    assert h1.run("cat /etc/first /etc/motd").stdout == "kept\nkept\n"
    assert sorted(told(site)) == sorted((event, "h1", f"file: /etc/{name}") for event in ("drift", "healed")
                                        for name in ("first", "motd"))
    site.run("enforce", "--once")
    assert len(told(site)) == 4, "each once"


def test_holdfast_that_is_replaced_while_it_enforces_begins_anew(
        site: Site, clean_hosts: Mapping[str, LabHost]) -> None:
    """As an upgrade does it: a type that is imported late needs what the process in memory does not have."""
    own = site.folder / "installed"
    for name, where in (("holdfast", "holdfast"), ("holdfast_host", "holdfast_host")):
        shutil.copytree(ENGINE / name, own / where, ignore=shutil.ignore_patterns("__pycache__"))
    site.write(DOCUMENT.format(every="2s"))
    enforcing = site.start("enforce", "--json", PYTHONPATH=str(own))
    try:
        until(lambda: standings(site) == {"h1": "good", "h2": "good", "h3": "good"})
        with (own / "holdfast_host" / "__init__.py").open("a") as stream:
            stream.write("\nNEW = 1\n")
        module = own / "holdfast" / "library" / "modules" / "file.py"
        source = module.read_text()
        module.write_text(source.replace("from holdfast_host import ", "from holdfast_host import NEW, ", 1))
        clean_hosts["h1"].run("echo mine > /etc/motd")
        until(lambda: ("healed", "h1", MOTD) in told(site))
        assert set(standings(site).values()) == {"good"}
        assert enforcing.poll() is None, "the same process, as systemd sees it"
    finally:
        enforcing.terminate()
        out, _ = enforcing.communicate(timeout=60)
    said = objects_of(out)
    assert [one["message"] for one in said if one["event"] == "noticed"] == [
        "Holdfast has been replaced on disk, and begins anew"]
    assert not [one for one in said if one["event"] == "refused"]
