"""Certificates, and those who are believed to sign them."""
from __future__ import annotations

from tests.contract.case import Case

CA = """\
-----BEGIN CERTIFICATE-----
MIIBjTCCATWgAwIBAgIUKzCL0thRajx0xA0wiys/CsONJxYwCgYIKoZIzj0EAwIw
HDEaMBgGA1UEAwwRSG9sZGZhc3QgY29udHJhY3QwIBcNMjYxMTI0MjM0MjM4WhgP
MjEyNjEwMzEyMzQyMzhaMBwxGjAYBgNVBAMMEUhvbGRmYXN0IGNvbnRyYWN0MFkw
EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAENpB4JZ7VvNd3dY5ElNQE42dLj7P3Xwsc
dWu6lt6MvEWEVtwD2iAGAGN4xWvEY7pt3ufH36y51YGUYcpv9eV4rKNTMFEwHQYD
VR0OBBYEFN4Iic3PkIx7al8gtI+3Zv0iHcRyMB8GA1UdIwQYMBaAFN4Iic3PkIx7
al8gtI+3Zv0iHcRyMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRgAwQwIf
AkJXqeagm+LODio6ceXnDFKqvvFaqz7kT+AuBkUc7gIgMOg19cl3XJ1M/SPylnq8
iQYCYkHkfwXbK61aiUnVX50=
-----END CERTIFICATE-----
"""
"""Of nobody: its key was thrown away."""

CASES = (
    Case("ca_certificate",
         """
         - ca_certificate: contract
           source: ca.pem
         """,
         lambda w: bool(w.file("/etc/ssl/certs/contract.pem").exists
                        and CA.split("\n")[1] in w.file("/etc/ssl/certs/ca-certificates.crt").content_string),
         """
         - ca_certificate: contract
           state: absent
         """,
         ("echo > /usr/local/share/ca-certificates/contract.crt", "rm /etc/ssl/certs/ca-certificates.crt"),
         contents=(("ca.pem", CA),)),
    Case("ca_certificate in the document",
         "- ca_certificate: written\n  content: |\n" + "".join(f"    {line}\n" for line in CA.splitlines()),
         lambda w: bool(w.file("/etc/ssl/certs/written.pem").exists),
         "- ca_certificate: written\n  state: absent"),
    Case("certificate",
         """
         - directory: /srv/tls
         - certificate: /srv/tls/ca.pem
           key: /srv/tls/ca.key
           common_name: Contract authority
           authority: true
           days: 3650
           key_type: ed25519
         - certificate: /srv/tls/app.pem
           key: /srv/tls/app.key
           common_name: app.example.org
           names: [app.example.org, "*.app.example.org", 10.0.0.5, "fd00::5"]
           issuer: /srv/tls/ca.pem
           issuer_key: /srv/tls/ca.key
           renew_days: 10
           owner: daemon
           key_group: adm
           key_mode: "0640"
         - certificate: /srv/tls/app.csr
           key: /srv/tls/asked.key
           common_name: app.example.org
           request: true
         """,
         lambda w: bool(w.run("openssl verify -CAfile /srv/tls/ca.pem -verify_hostname x.app.example.org "
                              "/srv/tls/app.pem").succeeded
                        and w.file("/srv/tls/app.key").mode == 0o640 and w.file("/srv/tls/app.key").group == "adm"
                        and "app.example.org" in w.check_output("openssl req -in /srv/tls/app.csr -noout -subject")),
         """
         - directory: /srv/tls
           state: absent
           force: true
         """,
         ("rm /srv/tls/app.key", "openssl req -x509 -key /srv/tls/app.key -subj /CN=app.example.org -days 9 "
          "-out /srv/tls/app.pem 2> /dev/null", "chmod 600 /srv/tls/app.key", "rm /srv/tls/ca.key")),
)
