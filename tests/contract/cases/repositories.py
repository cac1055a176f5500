"""Repositories of packages. What is on offer is a list that was signed beforehand; that packages are installed from a
repository is tests/contract/test_package_repository.py."""
from __future__ import annotations

import textwrap

from tests.contract.case import Case

FINGERPRINT = "17FC639CA90BBBAA77AB19CA8BFDA3A7B8E8B5BA"
KEY = """\
-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEZZIAgBYJKwYBBAHaRw8BAQdAKhVh75j5Nmez1k0PWMX9RASWBaCxC4Dp2tU3
HsFsfaq0LUhvbGRmYXN0IGNvbnRyYWN0IDxjb250cmFjdEBob2xkZmFzdC5pbnZh
bGlkPoiQBBMWCAA4FiEEF/xjnKkLu6p3qxnKi/2jp7jotboFAmWSAIACGwMFCwkI
BwIGFQoJCAsCBBYCAwECHgECF4AACgkQi/2jp7jotbqIRAD+IaPCJHZdkOMMlLmA
HhYX9i6lLcsE1i0PdOZvRs5qt1sA/3KSZC0Zo62g7jEHFYiLNY6fnmG4g8nOsH21
+ynpyeEK
=3/nU
-----END PGP PUBLIC KEY BLOCK-----
"""
SIGNED = """\
-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

Origin: Holdfast
Label: Holdfast contract
Date: Mon, 01 Jan 2024 00:00:00 UTC
Architectures: all amd64 arm64
SHA256:
 97389f641d1a75ed8ae63485bc5afa7b3152d3e5d4e491222c2682cda7154923 266 Packages
-----BEGIN PGP SIGNATURE-----

iHUEARYIAB0WIQQX/GOcqQu7qnerGcqL/aOnuOi1ugUCZZIAgAAKCRCL/aOnuOi1
uu/tAQC5bmN+gnHC68N+R8kaKCrZOgvBO9r64ygSIbaBcj4bTQD+L/izX8XMjAXl
Z0pp9OKtpBFwGqDu+MPu2lQwON4M7w0=
=SedP
-----END PGP SIGNATURE-----
"""
PACKAGES = """\
Package: holdfast-offered
Version: 1.0
Architecture: all
Maintainer: Holdfast <contract@holdfast.invalid>
Filename: ./holdfast-offered_1.0_all.deb
Size: 1
SHA256: 6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b
Description: on offer in the contract
"""


def _offer(folder: str) -> str:
    """Shell that puts the signed repository into a folder of the host."""
    return (f"mkdir -p {folder} && cd {folder} && cat > InRelease <<'END'\n{SIGNED}END\n"
            f"cat > Packages <<'END'\n{PACKAGES}END\n")


OFFERED = "apt-cache policy holdfast-offered | grep -c ' file:{}' || true"

CASES = (
    Case("package_repository",
         f"""
         - package_repository: contract
           uris: ["file:/srv/signed"]
           suites: [./]
           key: |
{textwrap.indent(KEY, " " * 13)}
           fingerprints: [17FC 639C A90B BBAA 77AB  19CA 8BFD A3A7 B8E8 B5BA]
         """,
         lambda w: bool(w.check_output(OFFERED.format("/srv/signed")) == "1"
                        and w.file("/etc/apt/keyrings/contract.gpg").mode == 0o644
                        and w.file("/etc/apt/sources.list.d/contract.sources").content_string.splitlines()[1:] == [
                            "Types: deb", "URIs: file:/srv/signed", "Suites: ./",
                            "Signed-By: /etc/apt/keyrings/contract.gpg"]),
         """
         - package_repository: contract
           state: absent
         """,
         ("rm /etc/apt/keyrings/contract.gpg", "chmod 600 /etc/apt/keyrings/contract.gpg",
          "echo 'Enabled: no' >> /etc/apt/sources.list.d/contract.sources", "rm /var/lib/apt/lists/*srv_signed*",
          "cat /usr/share/keyrings/debian-archive-keyring.gpg >> /etc/apt/keyrings/contract.gpg",
          "rm /etc/apt/sources.list.d/contract.sources"),
         before=_offer("/srv/signed")),
    Case("package_repository: a key from a file, a keyring of the host's own, none; parts; resting",
         """
         - package_repository: from-file
           uris: ["file:/srv/signed-1"]
           suites: [./]
           key_source: contract.asc
           types: [deb]
           architectures: [amd64, all]
           lock_wait_s: 60
         - package_repository: of-its-own
           uris: ["file:/srv/signed-2"]
           suites: [./]
           keyring: /srv/signed-2/ring.asc
         - package_repository: without
           uris: ["file:/srv/signed-3"]
           suites: [./]
           trusted: true
         - package_repository: resting
           uris: [https://packages.invalid/debian]
           suites: [bookworm, bookworm-updates]
           components: [main, contrib]
           enabled: false
         """,
         lambda w: bool([w.check_output(OFFERED.format(f"/srv/signed-{n}")) for n in (1, 2, 3)] == ["1"] * 3
                        and "Enabled: no" in w.file("/etc/apt/sources.list.d/resting.sources").content_string),
         """
         - package_repository: [from-file, of-its-own, without, resting]
           state: absent
         """,
         ("sed -i 's/^Trusted: yes/Trusted: no/' /etc/apt/sources.list.d/without.sources",
          "sed -i s/ring/king/ /etc/apt/sources.list.d/of-its-own.sources"),
         before="".join(_offer(f"/srv/signed-{n}") for n in (1, 2, 3)) +
                f"cat > /srv/signed-2/ring.asc <<'END'\n{KEY}END\n",
         contents=(("contract.asc", KEY),)),
)
