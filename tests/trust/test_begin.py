"""A run is in the store before a host is given anything to do."""
from __future__ import annotations

import time
from contextlib import closing

from holdfast.store.opening import open_database
from tests.lab.host import LabHost
from tests.trust.site import Site

DOCUMENT = """\
    state: site
    targets: h1
    resources:
      - file: /root/made
        content: made
"""


def made(host: LabHost) -> bool:
    return (host.rootfs / "root/made").exists()


def test_a_store_that_cannot_keep_the_run_leaves_hosts_as_they_are(site: Site, clean_host: LabHost) -> None:
    site.write(DOCUMENT)
    site.write("not a folder", ".holdfast")
    said = site.run("apply")
    assert said.code == 2, said.text
    assert "the store .holdfast/holdfast.db cannot be opened" in said.text
    assert not made(clean_host)
    (site.folder / ".holdfast").unlink()
    assert site.run("apply").code == 0
    assert made(clean_host)


def test_while_another_holds_the_store_the_host_is_given_nothing(site: Site, clean_host: LabHost) -> None:
    site.write(DOCUMENT)
    assert site.run("plan").code == 0  # makes the store
    with closing(open_database(str(site.folder / ".holdfast/holdfast.db")).connect()) as other:
        other.exec_driver_sql("BEGIN IMMEDIATE")
        running = site.start("apply")
        time.sleep(2)
        assert running.poll() is None
        assert not made(clean_host)
        other.rollback()
    output, errors = running.communicate(timeout=60)
    assert running.returncode == 0, output + errors
    assert made(clean_host)
