"""`plan --out FILE`, then `apply FILE`: what was shown, or a refusal that says why not."""
from __future__ import annotations

import gzip
from collections.abc import Mapping
from typing import Any

import pytest

from tests.lab.host import LabHost
from tests.trust.site import Site

DOCUMENT = """\
    state: site
    targets: h1 or h2
    vars:
      password: {secret: password, env: PASSWORD}
      colour: red
    resources:
      - directory: /etc/site
        mode: "0755"
      - file: /etc/site/conf
        content: "colour={{ colour }}\\npassword={{ password }}\\n"
        mode: "0640"
        notify: {service: cron}
      - service: cron
        running: true
"""
Hosts = Mapping[str, LabHost]


@pytest.fixture
def planned(site: Site) -> Site:
    site.environment["PASSWORD"] = "geheim-4711"
    site.write(DOCUMENT)
    assert site.run("plan", "--out", "today.plan").code == 0
    return site


def test_what_was_shown_is_done(planned: Site, clean_hosts: Hosts) -> None:
    shown = planned.run("plan", "--json")
    done = planned.run("apply", "today.plan", "--json")
    assert done.code == 0 and done.hosts() == {"h1": "changed", "h2": "changed"}
    for host in ("h1", "h2"):
        assert {id: "changed" for id, status in shown.resources(host).items() if status == "pending"} == \
            done.resources(host)
    conf = clean_hosts["h1"].witness().file("/etc/site/conf")
    assert conf.content_string == "colour=red\npassword=geheim-4711\n" and conf.mode == 0o640
    assert planned.run("plan", "--exit-code").code == 0


def test_a_host_that_has_changed_since_is_refused_and_says_what(planned: Site, clean_hosts: Hosts) -> None:
    clean_hosts["h1"].run("mkdir -m 700 /etc/site")
    done = planned.run("apply", "today.plan", "--json")
    assert done.code == 4 and done.hosts() == {"h1": "refused", "h2": "changed"}
    moved, = done.of("resource_done", host="h1", status="failed")
    assert moved["id"] == "directory: /etc/site"
    assert moved["message"] == "changed since the plan: it was to be changed, now the change would be another one"
    assert moved["fields"] == [{"name": "mode", "before": "0700", "after": "0755"}]
    assert not clean_hosts["h1"].witness().file("/etc/site/conf").exists


def test_what_is_done_already_is_not_what_was_shown(planned: Site, clean_hosts: Hosts) -> None:
    assert planned.run("apply", "-t", "h1").code == 0
    done = planned.run("apply", "today.plan", "--json")
    assert done.hosts() == {"h1": "refused", "h2": "changed"}


@pytest.mark.parametrize(("change", "said"), [
    (lambda site: site.write(DOCUMENT.replace("red", "blue")), "the documents have changed since the plan: "
                                                                "`file: /etc/site/conf`"),
    (lambda site: site.write(DOCUMENT.replace("h1 or h2", "h2")), "the documents are not for this host any more"),
    (lambda site: site.environment.update(PASSWORD="geheim-4712"), "a secret has changed since the plan"),
    (lambda site: (site.folder / "today.plan").write_bytes(gzip.compress(b'{"holdfast_plan": 1}')),
     "this is not a plan that `holdfast plan --out` wrote"),
    (lambda site: (site.folder / "today.plan").write_bytes((site.folder / "today.plan").read_bytes()[:-9]),
     "this is not a plan that `holdfast plan --out` wrote"),
])
def test_a_plan_that_is_not_true_any_more_touches_nothing(planned: Site, clean_hosts: Hosts, change: Any,
                                                          said: str) -> None:
    change(planned)
    done = planned.run("apply", "today.plan")
    assert done.code == 2 and said in done.text and "run " not in done.text
    assert not clean_hosts["h1"].witness().file("/etc/site").exists


def test_a_comment_and_a_host_that_joined_change_nothing(planned: Site, clean_hosts: Hosts) -> None:
    planned.write(DOCUMENT.replace("h1 or h2", "h1 or h2 or h3") + "# as agreed\n")
    done = planned.run("apply", "today.plan")
    assert done.code == 0 and "targeted by now, but not in the plan, and left alone: h3" in done.text
    assert not clean_hosts["h3"].witness().file("/etc/site").exists


def test_a_host_that_could_not_be_planned_is_not_touched(site: Site, clean_hosts: Hosts) -> None:
    site.environment["PASSWORD"] = "geheim-4711"
    site.write(DOCUMENT)
    clean_hosts["h1"].stop()
    assert site.run("plan", "--out", "today.plan").code == 5
    clean_hosts["h1"].start()
    done = site.run("apply", "today.plan", "--json")
    assert done.code == 4 and done.hosts() == {"h1": "untouched", "h2": "changed"}
    assert not clean_hosts["h1"].witness().file("/etc/site").exists


def test_the_file_gives_away_neither_contents_nor_secrets(planned: Site) -> None:
    path = planned.folder / "today.plan"
    text = gzip.decompress(path.read_bytes()).decode()
    assert "geheim" not in text and "colour=" not in text and "today" not in text
    assert "/etc/site/conf" in text, "the control: it is the right text that was looked through"
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("more", [["-t", "h1"], ["--set", "colour=blue"], ["playbooks/site.yml"]])
def test_nothing_can_be_added_to_a_plan(planned: Site, more: list[str]) -> None:
    done = planned.run("apply", "today.plan", *more)
    assert done.code == 2 and "a saved plan stands alone" in done.text
