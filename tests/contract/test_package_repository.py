"""package_repository with a vendor's real repository: signed with gpg, served on the lab's own network, and a package
installed from it in the same document."""
from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import holdfast
from holdfast.executor.model import HostResult
from tests.contract.case import Case
from tests.contract.test_contract import Desk, statuses
from tests.lab import Lab, LabHost
from tests.lab.debs import Deb
from tests.lab.signed import Vendor

pytestmark = pytest.mark.lab

TOOL = [Deb("vendor-tool", version, "comes from a vendor", files={"/usr/share/vendor-tool": version})
        for version in ("1.0", "2.0")]
NEWER = Deb("holdfast-hello", "3.0", "newer than what the host has on offer", files={"/usr/share/hello-3": ""})
FILES = ("/etc/apt/sources.list.d/vendor.sources", "/etc/apt/keyrings/vendor.gpg")


class Shop(Desk):
    """A desk that declares the vendor's repository."""

    def __init__(self, folder: Path, lab: Lab, host: LabHost, vendor: Vendor, url: str) -> None:
        super().__init__(folder, lab, host)
        self.vendor, self.url = vendor, url

    def wants(self, key: str, then: str = "", name: str = "vendor") -> None:
        """The repository with these lines about its key, and what stands after it in the document."""
        resources = f"- package_repository: {name}\n  uris: [{self.url}]\n  suites: [stable]\n  components: [main]\n"
        resources += "".join(f"  {line}\n" for line in key.splitlines()) + then
        self.declare(Case("", resources, lambda _: True), resources)

    def is_untouched(self) -> bool:
        return not any(self.host.witness().file(path).exists for path in FILES)


@pytest.fixture
def shop(tmp_path: Path, lab: Lab, clean_host: LabHost) -> Iterator[Shop]:
    (tmp_path / "vendor").mkdir()
    vendor = Vendor(tmp_path / "vendor")
    (tmp_path / "desk").mkdir()
    with vendor.served(lab) as url:
        yield Shop(tmp_path / "desk", lab, clean_host, vendor, url)


def events(result: HostResult) -> list[tuple[str, str]]:
    return [(one.event.status, one.event.message) for one in result.results]


def test_a_package_comes_from_it_in_the_same_document_and_a_new_key_is_taken_when_it_is_declared(shop: Shop) -> None:
    old, new = shop.vendor.make_key("old"), shop.vendor.make_key("new")
    shop.vendor.publish("old", TOOL[0], NEWER)
    witness = shop.host.witness()
    shop.host.run("apt-get install -qq holdfast-hello")
    packages = ("- package: vendor-tool\n"
                "- package: holdfast-hello\n  state: latest\n"
                "- package: holdfast-lib\n"
                "- file: /srv/unmoved\n  content: it waits for nothing\n")
    shop.wants(f"key_url: {shop.url}/old.asc\nfingerprints: [{old}]", packages)
    planned = events(shop.run("plan"))
    assert planned[0] == ("pending", "") and shop.is_untouched()
    assert planned[1] == planned[2] == ("unknown", "not known before package_repository: vendor")
    assert planned[3] == ("pending", "as it is now; package_repository: vendor may change it first")
    shop.vendor.asked.clear()
    assert statuses(shop.run("apply")) == {"changed"}
    assert witness.package("vendor-tool").version == "1.0" and witness.package("holdfast-hello").version == "3.0"
    assert sum("InRelease" in path for path in shop.vendor.asked) == 1, "its lists are fetched once"
    shop.vendor.asked.clear()
    assert statuses(shop.run("apply")) == {"ok"}
    assert shop.vendor.asked == [], "neither the key nor the lists are fetched again"

    shop.vendor.publish("new", TOOL[1])
    newest = packages.replace("vendor-tool", "vendor-tool\n  state: latest")
    shop.wants(f"key_url: {shop.url}/new.asc\nfingerprints: [{new}]", newest)
    assert statuses(shop.run("apply")) >= {"changed", "ok"}
    assert witness.package("vendor-tool").version == "2.0"
    ring = witness.file(FILES[1]).content
    assert ring == (shop.vendor.public / "new.gpg").read_bytes()


@pytest.mark.parametrize("given", ["key", "key_source", "key_url"])
def test_a_wrong_fingerprint_is_refused_with_nothing_touched(shop: Shop, given: str) -> None:
    right, wrong = shop.vendor.make_key("right"), "A123456789" * 4
    shop.vendor.publish("right", TOOL[0])
    armored = (shop.vendor.public / "right.asc").read_text()
    (shop.folder / "playbooks/right.asc").write_text(armored)
    inline = "key: |\n" + "".join(f"    {row}\n" for row in armored.splitlines())
    key = {"key": inline, "key_source": "key_source: right.asc\n", "key_url": f"key_url: {shop.url}/right.asc\n"}[given]
    shop.wants(key + f"fingerprints: [{wrong}]", "- package: vendor-tool\n")
    if given == "key":
        with pytest.raises(holdfast.Problems, match=f"not in `fingerprints`: {right}"):
            shop.run("apply")
    else:
        (first, why), (second, _) = events(shop.run("apply"))
        assert (first, second) == ("failed", "skipped") and right in why
    assert shop.is_untouched() and not any("InRelease" in path for path in shop.vendor.asked)
    shop.wants(key + f"fingerprints: [{right}]", "- package: vendor-tool\n")
    assert statuses(shop.run("apply")) == {"changed"}, "the control"


def test_what_apt_does_not_take_is_put_back(shop: Shop) -> None:
    shop.vendor.make_key("right")
    other = shop.vendor.make_key("other")
    shop.vendor.publish("right", TOOL[0])
    unsigned = f"key_url: {shop.url}/other.gpg\nfingerprints: [{other}]"
    shop.wants(unsigned, "- package: vendor-tool\n- package: holdfast-lib\n")
    (first, why), *rest = events(shop.run("apply"))
    assert first == "failed" and "its files are as they were before" in why
    assert [status for status, _ in rest] == ["skipped", "skipped"]
    assert shop.is_untouched()
    shop.host.run(f"echo 'deb [signed-by=/srv/mine.gpg] {shop.url} stable main' > /etc/apt/sources.list.d/by-hand.list")
    digest = hashlib.sha256((shop.vendor.public / "right.asc").read_bytes()).hexdigest()
    right = f"key_url: {shop.url}/right.asc\nkey_sha256: {digest}"
    shop.wants(right)
    (first, why), = events(shop.run("apply"))
    assert first == "failed" and "Conflicting values set for option Signed-By" in why and shop.is_untouched()
    assert shop.host.run("apt-get check").returncode == 0, "apt works as before"
    shop.host.run("rm /etc/apt/sources.list.d/by-hand.list")
    assert statuses(shop.run("apply")) == {"changed"} and statuses(shop.run("apply")) == {"ok"}
    shop.wants(right.replace(digest, "ab" * 32))
    (first, why), = events(shop.run("apply"))
    assert first == "failed" and digest in why
    shop.host.run(f"rm {FILES[1]}")
    shop.wants(right)
    assert statuses(shop.run("apply")) == {"changed"}, "the key is fetched again where it is gone"
