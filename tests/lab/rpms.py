"""Packages of rpm, made on a host for its dnf and its zypper, and the repository that offers them there: what a host of
Fedora's or SUSE's has from its vendor. A host keeps them beside its own of Debian."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from .host import LabHost

FOLDER = "/srv/rpms"
READY = f"{FOLDER}/ready"
KEY = f"{FOLDER}/signed.asc"
TOOLS = "dnf zypper rpm createrepo-c"


@dataclass(frozen=True)
class Rpm:
    """more: further lines of its head. config: a configuration file, by its path. link: a path, and to what it
    points. script: what runs before it is installed."""

    name: str
    version: str = "1.0"
    more: tuple[str, ...] = ()
    config: str = ""
    link: tuple[str, str] = ("", "")
    script: str = ""

    def spec(self) -> str:
        """What rpmbuild makes it from."""
        share = f"/usr/share/{self.name}"
        made = f"mkdir -p %{{buildroot}}{share} %{{buildroot}}/etc\ntouch %{{buildroot}}{share}/{self.version}\n"
        listed = f"{share}\n"
        if self.config:
            made += f"echo 'as it came' > %{{buildroot}}{self.config}\n"
            listed += f"%config(noreplace) {self.config}\n"
        if self.link[0]:
            place, target = self.link
            made += f"mkdir -p %{{buildroot}}$(dirname {place})\nln -s {target} %{{buildroot}}{place}\n"
            listed += f"{place}\n"
        head = "\n".join((f"Name: {self.name}", f"Version: {self.version}", "Release: 1", "Summary: for tests",
                          "License: none", "BuildArch: noarch", *self.more))
        before = f"%pre\n{self.script}\n" if self.script else ""
        return f"{head}\n%description\nMade by Holdfast's lab.\n{before}%install\n{made}%files\n{listed}"


RPMS = (
    Rpm("base-system"),  # there from the beginning: zypper does not take a database without any package
    Rpm("rpm-hello", "1.0"), Rpm("rpm-hello", "1.1"), Rpm("rpm-hello", "2.0"),
    Rpm("rpm-lib"), Rpm("rpm-extra"),
    Rpm("rpm-app", more=("Requires: rpm-lib", "Recommends: rpm-extra"), config="/etc/rpm-app.conf"),
    Rpm("rpm-rival", more=("Conflicts: rpm-hello",)),
    Rpm("Rpm_Tool", more=("Epoch: 1", "Provides: rpm-toolbox")), Rpm("Rpm_Tool", "0.9"),
    Rpm("rpm-broken", script="echo it does not want to >&2\nexit 1"),
)


def build(host: LabHost, rpms: tuple[Rpm, ...], folder: str) -> None:
    """Makes packages in a folder of the host, and a repository of it."""
    script = [f"set -e; mkdir -p {folder} /tmp/rpms; cd /tmp/rpms"]
    for number, rpm in enumerate(rpms):
        script.append(f"printf %s {shlex.quote(rpm.spec())} > {number}.spec")
    script.append(f"rpmbuild -bb --quiet --define '_topdir /tmp/rpms' --define '_rpmdir {folder}' *.spec")
    script.append(f"createrepo_c -q {folder}; rm -r /tmp/rpms")
    host.run("\n".join(script), timeout_s=120)


def stock(host: LabHost) -> None:
    """Gives a host dnf, zypper and a repository that both of them know, unless it has them. rpm's database is put where
    it is on every system that is made of rpm packages; Debian has it in the home of whoever calls."""
    if host.run(f"test -e {READY}", check=False).returncode == 0:
        return
    host.run(f"apt-get install -y -qq --no-install-recommends {TOOLS}", timeout_s=180)
    host.run("mkdir -p /etc/rpm; echo '%_dbpath /var/lib/rpm' > /etc/rpm/macros")
    build(host, RPMS, f"{FOLDER}/vendor")
    for folder in ("/etc/yum.repos.d", "/etc/zypp/repos.d"):
        host.run(f"mkdir -p {folder}; printf '[vendor]\\nname=The vendor\\nbaseurl=file://{FOLDER}/vendor\\n"
                 f"enabled=1\\ngpgcheck=0\\n' > {folder}/vendor.repo")
    host.run(f"rpm -i {FOLDER}/vendor/noarch/base-system-*.rpm && touch {READY}")


def sign(host: LabHost) -> None:
    """Gives a host a second repository, `signed`, whose package and lists are signed, and the public key as KEY."""
    if host.run(f"test -e {KEY}", check=False).returncode == 0:
        return
    folder = f"{FOLDER}/signed"
    build(host, (Rpm("signed-tool"),), folder)
    host.run(f"set -e; export GNUPGHOME={FOLDER}/gnupg; mkdir -m 700 -p $GNUPGHOME; "
             "gpg --batch -q --passphrase '' --quick-gen-key 'The vendor' rsa2048 sign never; "
             "rpmsign --define '_gpg_name The vendor' --define '__gpg /usr/bin/gpg' "
             f"--addsign {folder}/noarch/*.rpm >/dev/null; "
             f"createrepo_c -q {folder}; gpg --batch -q --armor --detach-sign {folder}/repodata/repomd.xml; "
             f"gpg --batch --armor --export > {KEY}")
