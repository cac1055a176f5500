"""certificate: a key and a certificate for it, made on the host and renewed before it ends."""
from __future__ import annotations

import re
import time
from typing import ClassVar, Dict, List, Optional, Sequence, Tuple

from holdfast_host import (
    Change,
    Declared,
    Failed,
    Field,
    Identity,
    Record,
    Refused,
    Resource,
    Stale,
    arg,
    checks,
    files,
    process,
    regular,
)
from holdfast_host.ahead import UNKNOWN
from holdfast_host.files import FileState
from holdfast_host.record import with_fields

KEYS: Dict[str, Tuple[str, ...]] = {
    "ec256": ("EC", "-pkeyopt", "ec_paramgen_curve:P-256"), "ec384": ("EC", "-pkeyopt", "ec_paramgen_curve:P-384"),
    "ed25519": ("ED25519",), "rsa2048": ("RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
    "rsa3072": ("RSA", "-pkeyopt", "rsa_keygen_bits:3072"), "rsa4096": ("RSA", "-pkeyopt", "rsa_keygen_bits:4096")}
DAY_S = 86400


def _names(given: Sequence[str]) -> None:
    import ipaddress

    for name in given:
        try:
            ipaddress.ip_address(name)
        except ValueError:
            checks.host_name(name[2:] if name.startswith("*.") else name)


def _subject(text: str) -> None:
    if not text or len(text) > 64 or re.search(r"[/=\\\x00-\x1f]", text):
        raise Refused("", "`%s` is not a common name" % text, "1 to 64 characters, without / = and \\")


class Observed(Record):
    """key, cert: the files. is_key: whether openssl can read the key. fits: whether the certificate (or request) is of
    this key. subject, names, ends_s, is_ca, issuer_fits: of the certificate. fault: why there can be none."""

    key: regular.Observed
    cert: regular.Observed
    is_key: bool = False
    fits: bool = False
    subject: str = ""
    names: Tuple[str, ...] = ()
    ends_s: float = 0.0
    is_ca: bool = False
    issuer_fits: bool = True
    now_s: float = 0.0
    fault: str = ""


class Deed(Record):
    """What is made anew: the key, the certificate; and what only owner and mode are given to."""

    observed: Observed
    makes_key: bool
    makes_cert: bool
    key: Optional[Change] = None
    cert: Optional[Change] = None


class Certificate(Resource):
    """A private key, and a certificate for it: signed by itself, by an authority whose key is on the same host, or only
    a request for one (CSR) that an authority elsewhere is to sign. It is made anew when it ends soon, or says another
    name than declared; the key stays as long as it can be read, and never leaves the host.
    """

    named: ClassVar[str] = "path"
    gives: ClassVar[Tuple[str, ...]] = ("ends",)
    example: ClassVar[str] = """
        - certificate: /etc/ssl/app/cert.pem
          key: /etc/ssl/app/key.pem
          common_name: app.example.org
          names: [app.example.org, 10.0.0.5]
          key_group: app
          key_mode: "0640"
        - certificate: /etc/ssl/ca/ca.pem
          key: /etc/ssl/ca/ca.key
          common_name: Our own authority
          authority: true
          days: 3650
        - certificate: /etc/ssl/db/cert.pem
          key: /etc/ssl/db/key.pem
          common_name: db.example.org
          issuer: /etc/ssl/ca/ca.pem
          issuer_key: /etc/ssl/ca/ca.key
        - certificate: /etc/ssl/mail/request.csr
          key: /etc/ssl/mail/key.pem
          common_name: mail.example.org
          request: true
    """

    path: str = arg(doc="The certificate, in PEM.", check=checks.absolute)
    key: str = arg(doc="Its private key, in PEM, without a password. One that is there is used.", check=checks.absolute)
    common_name: str = arg(doc="Whose it is.", check=_subject)
    names: Tuple[str, ...] = arg((), check=_names, doc="Names and IP addresses that it is good for; without any, the "
                                 "common name.")
    key_type: str = arg("ec256", choices=tuple(KEYS), doc="What a new key is.")
    days: int = arg(365, doc="How many days a new one is good.")
    renew_days: int = arg(30, doc="How many days before its end it is made anew.")
    authority: bool = arg(False, doc="It may sign others.")
    request: bool = arg(False, doc="Only make a request for an authority elsewhere to sign; what that gives back is "
                        "put in its place with `file`.")
    issuer: Optional[str] = arg(None, check=checks.absolute, doc="The certificate of the authority on this host that "
                                "signs it; the host needs OpenSSL 3.")
    issuer_key: Optional[str] = arg(None, check=checks.absolute, doc="The authority's key.")
    owner: Optional[str] = arg(None, check=checks.owner, doc="The user certificate and key belong to.")
    key_group: Optional[str] = arg(None, check=checks.owner, doc="The group the key belongs to.")
    key_mode: str = arg("0600", check=checks.mode, doc='Permissions of the key: "0640" for one that a group reads.')

    def check(self) -> None:
        if self.path == self.key:
            raise Refused("key", "and the certificate are one file", "give the key a file of its own")
        if (self.issuer is None) != (self.issuer_key is None):
            missing = "issuer_key" if self.issuer_key is None else "issuer"
            raise Refused(missing, "is missing", "add it")
        if self.request and self.issuer is not None:
            raise Refused("request", "and `issuer` are both given", "remove one of them")
        if not 1 <= self.days <= 36500:
            raise Refused("days", "is a number from 1 to 36500, not %d" % self.days, "write a number in that range")
        if not 0 <= self.renew_days < self.days:
            raise Refused("renew_days", "is a number from 0 up to `days`, not %d: each run would make it anew" %
                          self.renew_days, "lower it")
        if int(self.key_mode, 8) & 0o137:
            raise Refused("key_mode", "lets others have the key, or run it", 'write "0600" or "0640"')

    def provides(self) -> Sequence[Identity]:
        return (("path", self.path), ("path", self.key))

    def wants(self) -> Sequence[Identity]:
        given = tuple(("path", path) for path in (self.issuer, self.issuer_key) if path)
        return (("package", "openssl"), *regular.wants(self.path, self.owner),
                *regular.wants(self.key, None, self.key_group), *given)

    # -- looking -----------------------------------------------------------------------------------------------------

    def observe(self) -> Observed:
        key = regular.observe(self.key, self.owner, self.key_group, follow=False, content=False)
        cert = regular.observe(self.path, self.owner, None, follow=False, content=True)
        if process.which("openssl") is None:
            return Observed(key, cert, fault="openssl is not installed on this host")
        public = _openssl("pkey", "-in", self.key, "-pubout", "-passin", "pass:") if key.state else None
        kind = "req" if self.request else "x509"
        text = (cert.data or b"").decode("ascii", "replace")
        if public is None or cert.state is None or "-----BEGIN" not in text:
            return Observed(key, cert, public is not None, now_s=time.time())
        fits = _openssl(kind, "-noout", "-pubkey", given=cert.data) == public
        said = _openssl(kind, "-noout", "-subject", "-nameopt", "utf8,sep_multiline,lname", given=cert.data) or ""
        subject = re.search(r"commonName=(.*)", said)
        shown = _openssl(kind, "-noout", "-text", given=cert.data) or ""
        return Observed(key, cert, True, fits, subject.group(1) if subject else "", _names_in(shown),
                        self._end(cert.data), "CA:TRUE" in shown, self._issuer_fits(cert.data), time.time())

    def _end(self, data: Optional[bytes]) -> float:
        import calendar

        if self.request:
            return 0.0
        said = _openssl("x509", "-noout", "-enddate", given=data) or ""
        try:
            return float(calendar.timegm(time.strptime(said.partition("=")[2].strip(), "%b %d %H:%M:%S %Y GMT")))
        except ValueError:
            return 0.0

    def _issuer_fits(self, data: Optional[bytes]) -> bool:
        state = files.look(files.real(self.issuer)) if self.issuer is not None else None
        if self.issuer is None or state is None:
            return True
        if state.size == UNKNOWN:
            raise Refused("issuer", "is made anew before, so it is not known yet what it signs")
        asked = ["openssl", "verify", "-partial_chain", "-no_check_time", "-trusted", self.issuer, "/dev/stdin"]
        return process.run(asked, stdin=data or b"").code == 0

    # -- deciding ----------------------------------------------------------------------------------------------------

    def diff(self, observed: Observed) -> Optional[Change]:
        if observed.fault:
            raise Refused("", observed.fault, "declare `package: openssl`")
        for argument, path in (("issuer", self.issuer), ("issuer_key", self.issuer_key)):
            if path is not None and files.look(files.real(path)) is None:
                raise Refused(argument, "%s does not exist" % path, "declare a `certificate` with `authority: true`")
        key_after = regular.to_be(observed.key, self.key_mode)
        cert_after = regular.to_be(observed.cert, None)
        if observed.key.state is not None and not observed.is_key:
            raise Refused("key", "%s cannot be read as a key without a password" % self.key, "move it away")
        fields: List[Field] = [] if observed.key.state else [Field("key", None, "a new %s" % self.key_type)]
        fields += self._differences(observed)
        makes_key, makes_cert = observed.key.state is None, bool(fields)
        planned: Dict[str, Optional[FileState]] = {}
        key = None if makes_key else regular.present(observed.key, None, self.key_mode)
        cert = None if makes_cert else regular.present(observed.cert, None, None)
        for change, path in ((key, "key"), (cert, "certificate")):
            if change is not None:
                fields += [Field("%s of the %s" % (one.name, path), one.before, one.after) for one in change.fields]
                planned.update(change.files)
        if not fields:
            return None
        planned.update(_unknown(self.key, key_after) if makes_key else {})
        planned.update(_unknown(self.path, cert_after) if makes_cert else {})
        return Change("create" if observed.cert.state is None else "update", tuple(fields), planned,
                      Deed(observed, makes_key, makes_cert, key, cert))

    def _differences(self, observed: Observed) -> List[Field]:
        """Why the certificate is to be made anew."""
        if observed.cert.state is None:
            return [Field("certificate", None, self.common_name)]
        if not observed.fits:
            return [Field("certificate", "of another key, or none", self.common_name)]
        fields: List[Field] = []
        if observed.subject != self.common_name:
            fields.append(Field("common_name", observed.subject, self.common_name))
        if set(observed.names) != set(self._all_names()):
            fields.append(Field("names", ", ".join(observed.names), ", ".join(self._all_names())))
        if observed.is_ca != self.authority:
            fields.append(Field("authority", observed.is_ca, self.authority))
        if not observed.issuer_fits:
            fields.append(Field("issuer", "another", self.issuer))
        if not self.request and observed.ends_s - observed.now_s < self.renew_days * DAY_S:
            fields.append(Field("ends", _day(observed.ends_s), "in %d days" % self.days))
        return fields

    def _all_names(self) -> Tuple[str, ...]:
        import ipaddress

        found = []
        for name in self.names or (() if self.authority or not _is_host(self.common_name) else (self.common_name,)):
            try:
                found.append(str(ipaddress.ip_address(name)))
            except ValueError:
                found.append(name)
        return tuple(found)

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        deed: Deed = change.payload
        if observed.key.state is not None and deed.key is not None:
            return None  # its content is not to be kept anywhere else
        back = regular.undo(observed.cert)
        gone: Sequence[Declared] = (("file", {"path": self.key, "state": "absent"}),) if deed.makes_key else ()
        return None if back is None else (*back, *gone)

    # -- doing -------------------------------------------------------------------------------------------------------

    def converge(self, change: Change) -> None:
        deed: Deed = change.payload
        observed = deed.observed
        for kept in (deed.key, deed.cert):
            if kept is not None:
                regular.converge(kept)
        if deed.makes_key:
            made = process.run(["openssl", "genpkey", "-algorithm", *KEYS[self.key_type]]).must("cannot make a key")
            after = change.files[self.key]
            assert after is not None
            files.swap(self.key, made.stdout.encode(), lambda: files.look(self.key) is None, mode=after.mode,
                       owner=after.owner, group=after.group)
        if deed.makes_cert:
            after = change.files[self.path]
            assert after is not None
            files.swap(self.path, self._signed(), lambda: self._is_still(observed), mode=after.mode, owner=after.owner,
                       group=after.group)

    def _is_still(self, observed: Observed) -> bool:
        if files.look(self.path) != observed.cert.state:
            raise Stale("%s was changed by someone else meanwhile" % self.path)
        return observed.cert.state is None or files.read(self.path) == observed.cert.data

    def _signed(self) -> bytes:
        """The certificate or request, as openssl makes it. Its configuration goes in by a pipe."""
        names = ",".join(("IP:" if _is_address(name) else "DNS:") + name for name in self._all_names())
        usage = "critical,keyCertSign,cRLSign" if self.authority else "critical,digitalSignature,keyEncipherment"
        lines = ["[req]", "distinguished_name=dn", "prompt=no", "utf8=yes", "string_mask=utf8only", "[dn]",
                 "commonName=%s" % self.common_name.replace("$", "\\$").replace("#", "\\#"), "[ext]",
                 "basicConstraints=critical,CA:%s" % ("TRUE" if self.authority else "FALSE"), "keyUsage=" + usage]
        lines += [] if self.authority else ["extendedKeyUsage=serverAuth,clientAuth"]
        lines += ["subjectAltName=" + names] if names else []
        argv = ["openssl", "req", "-new", "-key", self.key, "-config", "/dev/stdin", "-sha256"]
        if self.request:
            argv += ["-reqexts", "ext"]
        else:
            lines += ["subjectKeyIdentifier=hash"]
            serial = "0x%s" % _serial()
            argv += ["-x509", "-extensions", "ext", "-days", str(self.days), "-set_serial", serial]
            if self.issuer is not None and self.issuer_key is not None:
                lines += ["authorityKeyIdentifier=keyid"]
                argv += ["-CA", self.issuer, "-CAkey", self.issuer_key]
        made = process.run(argv, stdin="\n".join([*lines, ""]).encode()).must("cannot make the certificate")
        if "-----BEGIN" not in made.stdout:
            raise Failed("openssl made no certificate", made.said())
        return made.stdout[made.stdout.index("-----BEGIN"):].encode()

    def outputs(self, observed: Observed) -> Dict[str, str]:
        return {"ends": "" if self.request else _day(observed.ends_s)}


def _openssl(*words: str, given: Optional[bytes] = None) -> Optional[str]:
    """What openssl prints; None: it fails."""
    done = process.run(["openssl", *words], stdin=given or b"")
    return done.stdout if done.code == 0 else None


def _names_in(text: str) -> Tuple[str, ...]:
    """The names that a certificate is good for, from `openssl x509 -text`."""
    import ipaddress

    match = re.search(r"X509v3 Subject Alternative Name:[^\n]*\n\s*(.*)", text)
    found = []
    for part in (match.group(1) if match else "").split(", "):
        kind, _, name = part.partition(":")
        if kind == "IP Address":
            found.append(str(ipaddress.ip_address(name)))
        elif kind == "DNS":
            found.append(name)
    return tuple(found)


def _is_address(name: str) -> bool:
    return bool(re.match(r"[0-9.]+\Z", name)) or ":" in name


def _is_host(name: str) -> bool:
    return bool(re.match(r"(?:\*\.)?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\Z", name))


def _serial() -> str:
    import secrets

    return "%032x" % (secrets.randbits(126) | 1 << 125)


def _day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))


def _unknown(path: str, state: FileState) -> Dict[str, Optional[FileState]]:
    """A file that is to be made, of a content that is not known before."""
    return {path: with_fields(state, size=UNKNOWN, data=None)}
