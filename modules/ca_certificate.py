"""ca_certificate: the host trusts what this certificate has signed."""
from __future__ import annotations

import re
from typing import ClassVar, Optional, Sequence

from holdfast_host import (
    Blob,
    Change,
    Declared,
    Failed,
    Field,
    Identity,
    Record,
    Refused,
    Resource,
    arg,
    files,
    process,
    regular,
)

PEM = re.compile(r"-----BEGIN CERTIFICATE-----\s*([A-Za-z0-9+/=\s]+?)\s*-----END CERTIFICATE-----")
STORES = (  # (folder of the host's own certificates, end of their names, what makes the bundle, the bundle)
    ("/usr/local/share/ca-certificates", ".crt", ("update-ca-certificates",), "/etc/ssl/certs/ca-certificates.crt"),
    ("/etc/pki/ca-trust/source/anchors", ".pem", ("update-ca-trust", "extract"),
     "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"),
    ("/etc/pki/trust/anchors", ".pem", ("update-ca-certificates",), "/var/lib/ca-certificates/ca-bundle.pem"),
)


class Observed(Record):
    """file: the certificate's file; None: this host has no place for such. is_trusted: whether it is in the bundle that
    programs read. store: which of STORES."""

    file: Optional[regular.Observed]
    is_trusted: bool = False
    store: int = 0


class CaCertificate(Resource):
    """The host trusts what this certificate of an authority has signed: it is in the bundle that OpenSSL, curl, Python
    and others read (update-ca-certificates on Debian and SUSE, update-ca-trust on Red Hat)."""

    named: ClassVar[str] = "name"
    example: ClassVar[str] = """
        - ca_certificate: example-internal
          source: files/example-internal.pem
    """

    name: str = arg(doc="The name of its file, without an end.")
    content: Optional[str] = arg(None, doc="The certificate in PEM.")
    source: Optional[Blob] = arg(None, controller="file", doc="A file on the controller with it; a relative path "
                                 "starts at the document's folder.")
    state: str = arg("present", choices=("present", "absent"), doc="Whether it is trusted.")

    def check(self) -> None:
        if not re.match(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}\Z", self.name) or re.search(r"\.(crt|pem|cer)\Z", self.name):
            raise Refused("name", "`%s` is not a file's name without its end" % self.name, "letters, digits, _ . -")
        given = [name for name in ("content", "source") if getattr(self, name) is not None]
        if self.state == "absent":
            if given:
                raise Refused(given[0], "is given for what is to be absent", "remove it, or `state: absent`")
            return
        if len(given) != 1:
            raise Refused("content", "and `source` are both given" if given else "is missing",
                          "give one of `content` and `source`")
        if self.content is not None:
            one_certificate(self.content)

    def provides(self) -> Sequence[Identity]:
        return (("ca_certificate", self.name),)

    def wants(self) -> Sequence[Identity]:
        return (("package", "ca-certificates"),)

    def observe(self) -> Observed:
        for number, (folder, end, tool, bundle) in enumerate(STORES):
            if files.look(folder) is not None and process.which(tool[0]) is not None:
                file = regular.observe("%s/%s%s" % (folder, self.name, end), "root", "root", follow=False, content=True)
                key = self._key() or _key(file.data)
                if key is None:  # a run that was killed may have left it in the bundle
                    return Observed(file, files.look("/etc/ssl/certs/%s.pem" % self.name) is not None, number)
                trusted = "".join((files.read(bundle) or b"").decode("ascii", "replace").split())
                return Observed(file, key in trusted, number)
        return Observed(None)

    def diff(self, observed: Observed) -> Optional[Change]:
        if observed.file is None:
            if self.state == "absent":
                return None
            raise Refused("", "this host has no tool for certificates of authorities",
                          "declare `package: ca-certificates`")
        if self.state == "absent":
            kept = regular.absent(observed.file)
            fields = kept.fields if kept else (Field("trusted", True, False),) if observed.is_trusted else ()
            return Change("delete", fields, kept.files if kept else {}, (kept, observed)) if fields else None
        data = self.content.encode() if self.content is not None else self.source.data() if self.source else b""
        one_certificate(data.decode("ascii", "replace"))
        kept = regular.present(observed.file, data if data.endswith(b"\n") else data + b"\n", "0644")
        fields = kept.fields if kept else ()
        if not self._is_in(observed, data):
            fields = (*fields, Field("trusted", False, True))
        if not fields:
            return None
        return Change("create" if observed.file.state is None else "update", fields, kept.files if kept else {},
                      (kept, observed))

    def _is_in(self, observed: Observed, data: bytes) -> bool:
        """Whether just this certificate is in the bundle."""
        before = observed.file.data if observed.file else None
        return observed.is_trusted and (self._key() is not None or _key(data) == _key(before))

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        before = observed.file
        if before is None or before.state is None:
            return (("ca_certificate", {"name": self.name, "state": "absent"}),)
        if before.data is None:
            raise Failed("what was there before is no certificate")
        return (("ca_certificate", {"name": self.name, "source": Blob.of(before.data)}),)

    def converge(self, change: Change) -> None:
        kept, observed = change.payload
        tool = STORES[observed.store][2]
        # without it the link of a certificate that went would stay
        afresh = ["--fresh"] if self.state == "absent" and tool[0] == "update-ca-certificates" else []
        with regular.tentatively([kept] if kept is not None else []):
            process.run([*tool, *afresh]).must("cannot bring the host's certificates up to date")

    def _key(self) -> Optional[str]:
        """The declared certificate as it stands in a bundle; None: it has not come yet."""
        if self.content is not None:
            return _key(self.content.encode())
        if self.source is not None and Blob.is_held(self.source.sha256):
            return _key(self.source.data())
        return None


def _key(data: Optional[bytes]) -> Optional[str]:
    match = PEM.search((data or b"").decode("ascii", "replace"))
    return "".join(match.group(1).split()) if match else None


def one_certificate(text: str) -> None:
    """Raises Refused for what is not just one certificate in PEM."""
    if "PRIVATE KEY" in text:
        raise Refused("content", "holds a private key", "give the certificate alone")
    if len(PEM.findall(text)) != 1:
        count = len(PEM.findall(text))
        raise Refused("content", "holds %d certificates in PEM, not one" % count, "give each authority a resource of "
                      "its own" if count else "from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----, whole")
