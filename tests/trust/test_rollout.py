"""Between batches: a pause, a health check; and what a run does when a batch goes wrong."""
from __future__ import annotations

import signal
import time
from collections.abc import Mapping

import pytest

from tests.lab.host import LabHost
from tests.trust.site import Site

Hosts = Mapping[str, LabHost]


def document(rollout: str) -> str:
    return f"""\
    state: site
    targets: all
    rollout: {{batches: [1, 100%], {rollout}}}
    resources:
      - file: /root/site
        content: site
    """


def test_a_health_check_that_fails_stops_the_run(site: Site, clean_hosts: Hosts) -> None:
    site.write(document("health_check: {command: 'sh -c \"echo $HOLDFAST_HOSTS is ill; exit 3\"'}"))
    done = site.run("apply", "--json")
    assert done.code == 4 and done.hosts() == {"h1": "changed", "h2": "untouched", "h3": "untouched"}
    end, = done.of("run_done")
    assert end["stopped"] == "the health check after batch 1 failed: sh ended with 3: h1 is ill"
    assert not clean_hosts["h2"].witness().file("/root/site").exists


def test_a_health_check_is_asked_until_it_is_well(site: Site) -> None:
    site.write(document("health_check: {command: 'sh -c \"echo x >> asked; test $(wc -l < asked) = 3\"', "
                        "within: 30s, every: 1s}"))
    done = site.run("apply", "--json")
    assert done.code == 0 and set(done.hosts().values()) == {"changed"}
    assert (site.folder / "asked").read_text() == "x\nx\nx\n", "in the project's folder, not after the last batch"


def test_an_address_is_asked(site: Site, clean_hosts: Hosts) -> None:
    address = clean_hosts["h1"].address
    site.write(document(f"health_check: {{http: 'http://{address}:8080/root/site'}}"))
    done = site.run("apply", "--json")
    assert "does not answer" in done.of("run_done")[0]["stopped"]
    clean_hosts["h1"].run("systemd-run --collect --unit=web python3 -m http.server 8080 --directory /")
    site.write(document(f"health_check: {{http: 'http://{address}:8080/root/site', within: 20s, every: 1s}}"))
    assert site.run("apply").code == 0
    site.write(document(f"health_check: {{http: 'http://{address}:8080/root/none'}}"))
    assert "answers with 404" in site.run("apply", "--json").of("run_done")[0]["stopped"]


def test_a_pause_ends_when_somebody_stops_the_run(site: Site, clean_hosts: Hosts) -> None:
    site.write(document("pause: 5m"))
    running = site.start("apply")
    end = time.monotonic() + 30
    while not (clean_hosts["h1"].rootfs / "root/site").exists():
        assert time.monotonic() < end
        time.sleep(0.1)
    time.sleep(1)
    running.send_signal(signal.SIGINT)
    said, _ = running.communicate(timeout=20)
    assert running.returncode == 130 and "pausing for 300 s after batch 1 of 2" in said
    assert not (clean_hosts["h2"].rootfs / "root/site").exists()


@pytest.mark.parametrize(("budget", "stopped", "code"), [
    ("error_budget: 1", "", 5), ("error_budget: 100%", "", 5),
    ("error_budget: 0", "1 host went wrong, and the error budget is 0 (0 hosts)", 5),
    ("at_once: 10", "h1, all of batch 1, went wrong", 5),
])
def test_a_batch_of_which_nothing_came(site: Site, clean_hosts: Hosts, budget: str, stopped: str, code: int) -> None:
    """A budget decides; without one a lost batch is the end."""
    clean_hosts["h1"].stop()
    site.write(document(budget))
    done = site.run("apply", "--json")
    rest = "untouched" if stopped else "changed"
    assert done.hosts() == {"h1": "unreachable", "h2": rest, "h3": rest}
    assert done.of("run_done")[0].get("stopped", "") == stopped and done.code == code


def test_a_host_that_joins_halfway_is_not_in_the_run(site: Site, clean_hosts: Hosts) -> None:
    """The hosts of a run are fixed when it starts; the next one has the new host."""
    inventory = site.folder / "inventory" / "lab.yml"
    whole = inventory.read_text()
    before, _, third = whole.partition("  h3:")
    inventory.write_text(before)
    site.write(document("pause: 3s"))
    running = site.start("apply", "--json")
    end = time.monotonic() + 30
    while not (clean_hosts["h1"].rootfs / "root/site").exists():
        assert time.monotonic() < end
        time.sleep(0.1)
    inventory.write_text(f"{before}  h3:{third}")
    said, _ = running.communicate(timeout=30)
    assert running.returncode == 0 and '"host": "h3"' not in said and '"host": "h2"' in said
    assert site.run("apply", "--json").hosts() == {"h1": "ok", "h2": "ok", "h3": "changed"}
