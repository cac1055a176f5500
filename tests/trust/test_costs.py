"""What a run that finds all in state costs, in counts: sessions, packets, bytes. Times are for `make bench`."""
from __future__ import annotations

import yaml

from tests.bench import holdfast, scene, work
from tests.bench.sessions import counted
from tests.lab.host import LabHost
from tests.trust.site import Site

MOST_PACKETS = 100
MOST_BYTES = 40 * 1024


def test_a_hundred_resources_in_state_cost_one_session_and_few_packets(site: Site, clean_host: LabHost) -> None:
    site.write(yaml.safe_dump(holdfast.document(), sort_keys=False))
    site.write(work.TEMPLATE, "playbooks/item.conf.j2")
    scene.lay(clean_host.rootfs, clean_host.name)
    assert site.run("apply", "-t", "h1", "--exit-code").code == 0  # the runner stays on the host
    packets, octets = clean_host.packets(), clean_host.bytes()
    assert site.run("apply", "-t", "h1", "--exit-code").code == 0
    assert (clean_host.packets() - packets).total <= MOST_PACKETS
    assert (clean_host.bytes() - octets).total <= MOST_BYTES
    with counted(clean_host) as count:
        assert site.run("apply", "-t", "h1", "--exit-code").code == 0
    assert (count.logins, count.sessions) == (1, 1)
