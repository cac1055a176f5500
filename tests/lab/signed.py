"""A repository as a vendor has it: packages, signed with the vendor's key, served on the lab's own network."""

from __future__ import annotations

import functools
import ipaddress
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.lab.debs import Deb
from tests.lab.lab import Lab
from tests.lab.process import run
from tests.lab.repository import build_deb

SUITE, COMPONENT = "stable", "main"


class Vendor:
    """Has keys, and a repository in `folder`/public that is signed with one of them. gpg keeps what it needs beside."""

    def __init__(self, folder: Path) -> None:
        self.public, self._home = folder / "public", folder / "gnupg"
        self.public.mkdir()
        self._home.mkdir(mode=0o700)
        self.asked: list[str] = []  # paths that were asked for, while it is served

    def make_key(self, name: str) -> str:
        """A key for signing; its public part is served as NAME.asc and NAME.gpg. Gives its fingerprint."""
        user = f"{name} <{name}@vendor.invalid>"
        self._gpg("--passphrase", "", "--quick-generate-key", user, "ed25519", "sign", "never")
        for form, option in (("asc", ("--armor",)), ("gpg", ())):
            self._gpg(*option, "--output", str(self.public / f"{name}.{form}"), "--export", f"{name}@vendor.invalid")
        rows = self._gpg("--with-colons", "--list-keys", f"{name}@vendor.invalid").splitlines()
        return next(row.split(":")[9] for row in rows if row.startswith("fpr:"))

    def publish(self, key: str, *debs: Deb) -> None:
        """The repository holds these packages and is signed with this key."""
        pool, index = self.public / "pool", self.public / "dists" / SUITE / COMPONENT / "binary-amd64"
        for folder in (pool, index):
            folder.mkdir(parents=True, exist_ok=True)
        for deb in debs:
            build_deb(deb, pool)
        (index / "Packages").write_text(run("apt-ftparchive", "packages", "pool", cwd=self.public).stdout)
        place = index.parents[1]
        for old in place.glob("*Release*"):
            old.unlink()
        about = {"Suite": SUITE, "Codename": SUITE, "Components": COMPONENT, "Architectures": "amd64"}
        options = [f"-oAPT::FTPArchive::Release::{name}={value}" for name, value in about.items()]
        release = run("apt-ftparchive", *options, "release", ".", cwd=place).stdout
        (place / "Release").write_text(release)
        self._gpg("--local-user", f"{key}@vendor.invalid", "--output", str(place / "InRelease"), "--clearsign",
                  str(place / "Release"))

    def _gpg(self, *words: str) -> str:
        quiet = ("--batch", "--yes", "--pinentry-mode", "loopback")
        return run("gpg", "--homedir", str(self._home), *quiet, *words).stdout

    @contextmanager
    def served(self, lab: Lab) -> Iterator[str]:
        """While this lasts the hosts of the lab find it under this address; afterwards nothing runs on."""
        vendor = self

        class Handler(SimpleHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                vendor.asked.append(self.path)

        address = str(ipaddress.ip_network(lab.subnet)[1])
        server = ThreadingHTTPServer((address, 0), functools.partial(Handler, directory=str(self.public)))
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://{address}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            run("gpgconf", "--homedir", str(self._home), "--kill", "all")  # the agent that holds the keys
