"""A notification that is owed survives whatever happens; the next contact says so and carries it out."""
from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.lab.host import LabHost
from tests.trust.site import Site

Hosts = Mapping[str, LabHost]
DOCUMENT = """\
    state: site
    targets: h1
    resources:
      - file: /etc/site.conf
        content: one
        notify: {command: echo told >> /root/told}
      - command: test -e /root/fine
        only_if: "true"
        shell: true
      - command: echo told >> /root/told
        shell: true
        on_notify: true
        requires: {command: test -e /root/fine}
"""
OTHER = """\
    state: other
    targets: h1
    resources:
      - file: /root/other
        content: other
"""


def told(host: LabHost) -> str:
    return host.run("cat /root/told 2>/dev/null || true").stdout.strip()


@pytest.fixture
def owing(site: Site, clean_hosts: Hosts) -> LabHost:
    """A host whose run failed between the change and the notification."""
    site.write(DOCUMENT)
    done = site.run("apply", "--json")
    assert done.code == 4 and not told(clean_hosts["h1"])
    owed, = done.of("host_done", host="h1")[0]["owed"]
    assert owed["id"] == "command: echo told >> /root/told" and owed["why"] == "file: /etc/site.conf"
    return clean_hosts["h1"]


def test_the_same_documents_pay_it(site: Site, owing: LabHost) -> None:
    owing.run("touch /root/fine")
    assert "is owed a notification since 20" in site.run("apply").text
    assert told(owing) == "told"
    assert site.run("apply", "--exit-code").code in (0, 3) and told(owing) == "told", "paid once"


def test_it_survives_a_reboot(site: Site, owing: LabHost) -> None:
    owing.kill()
    owing.start()
    owing.run("touch /root/fine")
    assert site.run("apply").code == 0
    assert told(owing) == "told"


def test_a_plan_says_that_it_is_owed_and_writes_nothing(site: Site, owing: LabHost) -> None:
    owing.run("touch /root/fine")
    shown = site.run("plan")
    assert "is owed a notification since 20" in shown.text
    assert not told(owing)


def test_documents_that_do_not_declare_it_pay_it_too(site: Site, owing: LabHost) -> None:
    site.write(OTHER)
    done = site.run("apply", "--json")
    assert done.code == 0 and told(owing) == "told"
    assert any("carried out now" in one["message"] for one in done.of("noticed", host="h1")), done.text
    assert not done.of("host_done", host="h1")[0].get("owed")


def test_what_cannot_be_paid_stays_owed(site: Site, owing: LabHost) -> None:
    owing.run("mkdir /root/told")
    site.write(OTHER)
    done = site.run("apply", "--json")
    assert any("could not be carried out" in one["message"] for one in done.of("noticed", host="h1")), done.text
    assert [one["id"] for one in done.of("host_done", host="h1")[0]["owed"]] == ["command: echo told >> /root/told"]
    owing.run("rmdir /root/told")
    site.run("apply")
    assert told(owing) == "told"
