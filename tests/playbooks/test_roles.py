"""The roles that come with Holdfast, on real hosts: applied, nothing left to do, and the service does its work."""
from __future__ import annotations

import ipaddress
import textwrap
import urllib.error
import urllib.request
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

import holdfast
from holdfast.executor.model import HostResult
from tests.lab import Lab, LabHost
from tests.postgresql import server

pytestmark = pytest.mark.lab
ODD_PASSWORD = r"kept:in\pgpass only"


class Site:
    """A project that uses the roles."""

    def __init__(self, folder: Path, lab: Lab) -> None:
        self.folder = folder
        (folder / "playbooks").mkdir()
        (folder / "inventory.yml").write_text(lab.inventory())

    def declare(self, text: str) -> None:
        (self.folder / "playbooks" / "site.yml").write_text(textwrap.dedent(text))

    def apply(self) -> dict[str, HostResult]:
        with holdfast.load(self.folder, inventory=[self.folder / "inventory.yml"]) as project:
            return {result.host: result for result in project.run("apply").results}

    def settle(self) -> None:
        """Applies, and sees that nothing is left to do then."""
        first, second = self.apply(), self.apply()
        assert {result.status for result in first.values()} == {"changed"}, faults(first)
        assert {result.status for result in second.values()} == {"ok"}, faults(second)


def faults(results: dict[str, HostResult]) -> list[tuple[str, str, str]]:
    return [(host, one.id, one.event.status + " " + one.event.message) for host, result in results.items()
            for one in result.results if one.event.status != "ok"]


@pytest.fixture
def site(tmp_path: Path, lab: Lab) -> Site:
    return Site(tmp_path, lab)


def get(host: LabHost, name: str, port: int = 8080) -> str:
    """What the web server says to who asks for a site."""
    request = urllib.request.Request(f"http://{host.address}:{port}/", headers={"Host": name})
    with urllib.request.urlopen(request, timeout=10) as answer:
        text: str = answer.read().decode()
    return text


WEB = """
state: site
targets: h1
resources:
  - use: web-server
    parameters:
      port: 8080
      removed_sites: {removed}
      sites: {sites}
"""


def test_web_server_serves_its_sites(site: Site, clean_host: LabHost) -> None:
    site.declare(WEB.format(removed="[]", sites="[{name: a.example.org, aliases: [www.a.example.org]}, "
                                                "{name: b.example.org, root: /srv/b}]"))
    site.settle()
    assert "a.example.org on h1" in get(clean_host, "www.a.example.org")
    assert "b.example.org on h1" in get(clean_host, "b.example.org")
    clean_host.run("echo hello > /srv/b/index.html")
    site.declare(WEB.format(removed="[a.example.org]", sites=(
        "[{name: b.example.org, root: /srv/b}, {name: c.example.org, proxy_to: 'http://127.0.0.1:8080/'}]")))
    site.settle()
    assert get(clean_host, "b.example.org") == "hello\n", "the site's own content is left alone"
    assert not clean_host.witness().file("/etc/nginx/sites-enabled/a.example.org.conf").exists


def test_what_nginx_refuses_never_reaches_it(site: Site, host: LabHost) -> None:
    site.declare(WEB.format(removed="[]", sites="[{name: d.example.org, proxy_to: 'http://127.0.0.1:8080/'}]"))
    site.apply()
    kept = host.witness().file("/etc/nginx/sites-enabled/d.example.org.conf").content
    site.declare(WEB.format(removed="[]", sites="[{name: d.example.org, proxy_to: nowhere}]"))
    failed = [one for one in site.apply()["h1"].results if one.event.status == "failed"]
    assert [one.id for one in failed] == ["template: /etc/nginx/sites-available/d.example.org.conf"]
    assert "invalid URL prefix" in failed[0].event.message
    assert host.witness().file("/etc/nginx/sites-enabled/d.example.org.conf").content == kept
    assert host.witness().service("nginx").is_running


def test_chrony_follows_the_server_that_is_named(site: Site, clean_hosts: dict[str, LabHost]) -> None:
    site.declare("""
        state: time-server
        targets: h1
        resources:
          - use: chrony
            parameters: {local_stratum: 8, allow: [10.0.0.0/8]}
        ---
        state: its-clients
        targets: h2
        resources:
          - use: chrony
            parameters: {servers: [h1]}
        """)
    site.settle()
    client = clean_hosts["h2"].witness()
    client.run_expect([0], "chronyc waitsync 60 0 0 0.5")
    assert f"^* {clean_hosts['h1'].address} " in client.check_output("chronyc -n sources")
    assert "pool.ntp.org" not in client.file("/etc/chrony/chrony.conf").content_string
    assert "pool.ntp.org" in clean_hosts["h1"].witness().file("/etc/chrony/chrony.conf").content_string


def test_database_client_connects_with_the_password_that_is_kept(
        site: Site, lab: Lab, clean_host: LabHost, monkeypatch: pytest.MonkeyPatch) -> None:
    here = str(ipaddress.ip_network(lab.subnet)[1])
    with server(f"-c listen_addresses={here} -p 54321", [f"host all app {lab.subnet} scram-sha-256"]) as socket, \
            psycopg.connect(f"host={socket} port=54321 user=holdfast dbname=postgres", autocommit=True) as database:
        database.execute(sql.SQL("CREATE ROLE app LOGIN PASSWORD {}").format(ODD_PASSWORD))
        database.execute("CREATE DATABASE shop OWNER app")
        monkeypatch.setenv("SHOP_PASSWORD", ODD_PASSWORD)
        site.declare(f"""
            state: site
            targets: h1
            resources:
              - use: database-client
                parameters:
                  account: app
                  server: {here}
                  port: 54321
                  database: shop
                  password: {{secret: shop_password, env: SHOP_PASSWORD}}
            """)
        site.settle()
        asks = "su app -c \"cd; psql -w -At service=shop -c 'SELECT current_user, current_database()'\""
        assert clean_host.witness().check_output(asks) == "app|shop"
        clean_host.run("rm /home/app/.pgpass")
        assert "password" in clean_host.witness().run(asks).stderr, "the server lets nobody in without"
    kept = [path for path in site.folder.rglob("*") if path.is_file() and ODD_PASSWORD.encode() in path.read_bytes()]
    assert not kept, "the password is in a file of the controller"
