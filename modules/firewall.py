"""firewall: rules of nftables in a table of one's own, which never cut off whoever applies them."""
from __future__ import annotations

import os
import re
from typing import Any, ClassVar, Dict, List, Mapping, Optional, Sequence, Tuple

from holdfast_host import (
    Blob,
    Change,
    Declared,
    Failed,
    Field,
    Identity,
    NeedBlob,
    Record,
    Refused,
    Resource,
    arg,
    caller,
    files,
    nft,
    process,
    regular,
    systemd,
    values,
)
from holdfast_host.files import DIRECTORY, FileState
from holdfast_host.record import with_fields

FOLDER = "/etc/nftables.d"
CHAINS = ("input", "forward", "output")
NEIGHBOURS = "nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, nd-router-advert"
ERRORS = ("icmp type { destination-unreachable, time-exceeded, parameter-problem } accept",
          "icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } accept")
BASICS = {
    "input": ("ct state established,related accept", 'iifname "lo" accept', "ct state invalid drop",
              "icmpv6 type { %s } accept" % NEIGHBOURS, *ERRORS),
    "forward": ("ct state established,related accept", "ct state invalid drop"),
    "output": ("ct state established,related accept", 'oifname "lo" accept',
               "icmpv6 type { %s } accept" % NEIGHBOURS, *ERRORS),
}
UNIT = """\
# holdfast: firewall %(name)s
[Unit]
Description=Rules of the table inet %(name)s
DefaultDependencies=no
Wants=network-pre.target
Before=network-pre.target shutdown.target
Conflicts=shutdown.target
After=nftables.service
PartOf=nftables.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=%(nft)s -f %(path)s

[Install]
WantedBy=sysinit.target
"""


def _table(name: str) -> None:
    if not re.match(r"[A-Za-z][A-Za-z0-9_]{0,30}\Z", name):
        raise Refused("", "`%s` is not a table's name" % name, "letters, digits and _, at most 31")


def _policies(given: Mapping[str, str]) -> None:
    for chain, policy in given.items():
        if chain not in CHAINS:
            raise Refused("", "`%s` is not a chain" % chain, values.did_you_mean(chain, CHAINS))
        if policy not in ("accept", "drop"):
            raise Refused("", "%s is accept or drop, not `%s`" % (chain, policy), "reject is a rule: put it last")


def _rules(given: Any) -> None:
    if not isinstance(given, (list, tuple)):
        raise Refused("", "is a list of rules, not %s" % values.describe(given), "write - ssh: tcp dport 22 accept")
    names = set()
    for rule in given:
        if not isinstance(rule, Mapping) or len(rule) != 1:
            raise Refused("", "holds %s, which is no rule with its name" % values.describe(rule),
                          "write - ssh: tcp dport 22 accept")
        (name, text), = rule.items()
        if not re.match(r"[A-Za-z0-9][A-Za-z0-9 _.,:/()-]{0,99}\Z", str(name)):
            raise Refused("", "`%s` is not a rule's name" % name, "letters, digits, blanks and _.,:/()-")
        if name in names:
            raise Refused("", "has two rules with the name `%s`" % name, "rename one of them")
        names.add(name)
        if not isinstance(text, values.Later):
            _rule(str(name), text)


def _rule(name: str, text: Any) -> None:
    if not isinstance(text, str) or not text.strip():
        raise Refused("", "`%s` says no rule" % name, "write what nft takes: tcp dport 22 accept")
    if text.lstrip().startswith("-"):
        raise Refused("", "`%s` is a rule of iptables: `%s`" % (name, text), "as nft writes it: tcp dport 22 accept; "
                      "`iptables-translate` translates it")
    bare = re.sub(r'"[^"\n]*"', "", text)
    if "\n" in text or ";" in bare or "#" in bare or '"' in bare or nft.depth(text) != (0, 0):
        raise Refused("", "`%s` is not one rule of nft: `%s`" % (name, text), "one rule, without ; and #")
    port = re.search(r"\b(tcp|udp|sctp|dccp) (port|\d[\d,-]*)", bare)
    if port is not None:
        raise Refused("", "`%s` does not say whose port: `%s`" % (name, text), "write %s dport for the host's own, %s "
                      "sport for the other's" % (port.group(1), port.group(1)))
    loud = re.search(r"\b(?:ACCEPT|DROP|REJECT|LOG|RETURN|QUEUE|MASQUERADE)\b", bare)
    if loud is not None:
        raise Refused("", "`%s` says `%s`, which is no word of nft" % (name, loud.group()),
                      "write `%s`" % loud.group().lower())
    if re.search(r"\bcomment\b", bare):
        raise Refused("", "`%s` has a comment: that is its name" % name, "leave the comment out")


class Observed(Record):
    """live: the table as the kernel has it; wanted: as it would have it. file, unit: what loads it at boot. fault:
    (argument, what, mend)."""

    file: regular.Observed
    unit: regular.Observed
    live: str = ""
    wanted: str = ""
    enabled: bool = False
    running: bool = False
    has_folder: bool = True
    fault: Optional[Tuple[str, str, str]] = None


class Firewall(Resource):
    """Rules of nftables in a table `inet NAME`, loaded at one moment, now and at each boot. Other tables stay.

    Before anything is changed the kernel takes the rules in a network of their own, and a new connection like that of
    whoever applies them is tried there: rules that would not let it in are refused. When they are loaded and that
    connection does not live on all the same, they are taken back, without `--confirm` and even if the run is killed.
    """

    named: ClassVar[str] = "table"
    example: ClassVar[str] = """
        - firewall: base
          policy: {input: drop, forward: drop}
          input:
            - ssh: tcp dport 22 accept
            - web: tcp dport { 80, 443 } accept
            - ping: icmp type echo-request limit rate 10/second accept
        - firewall: nat
          source: nat.nft
    """

    table: str = arg(doc="The table's name: `base` is `inet base`.", check=_table)
    policy: Dict[str, str] = arg({}, check=_policies, doc="What becomes of packets that no rule decides, by chain: "
                                 "{input: drop}. Default: accept.")
    input: Any = arg((), check=_rules, doc="Rules for what comes to this host, in their order, each with a name: "
                     "`- ssh: tcp dport 22 accept`.")
    forward: Any = arg((), check=_rules, doc="Rules for what passes through it.")
    output: Any = arg((), check=_rules, doc="Rules for what leaves it.")
    basics: bool = arg(True, doc="Ahead of the rules: accept replies, this host's own talk with itself, what IPv6 "
                       "cannot do without, and errors of the network.")
    source: Optional[Blob] = arg(None, controller="file", doc="In place of rules: a file on the controller with all "
                                 "that stands in the table's braces: chains, sets, rules.")
    template: Optional[Blob] = arg(None, controller="template", doc="In place of rules: a template on the controller.")
    state: str = arg("present", choices=("present", "absent"), doc="Whether the table is there.")

    def check(self) -> None:
        named = [name for name in ("policy", *CHAINS) if getattr(self, name)]
        whole = [name for name in ("source", "template") if getattr(self, name) is not None]
        if self.state == "absent" and (named or whole):
            raise Refused((named + whole)[0], "says nothing with `state: absent`", "leave it out")
        if self.state == "present" and not named and not whole:
            raise Refused("input", "is missing", "add rules: - ssh: tcp dport 22 accept")
        if len(whole) > 1 or (whole and named):
            raise Refused(whole[-1], "is given besides `%s`" % (named + whole)[0], "give rules or a whole table")

    @property
    def path(self) -> str:
        return "%s/%s.nft" % (FOLDER, self.table)

    @property
    def unit_name(self) -> str:
        return "holdfast-firewall-%s.service" % self.table

    def provides(self) -> Sequence[Identity]:
        return (("firewall", self.table), ("path", self.path), ("unit", self.unit_name))

    def wants(self) -> Sequence[Identity]:
        return (("package", "nftables"), ("package", "iproute2"), ("path", FOLDER))

    def body(self) -> str:
        """What stands in the table's braces; "": the table is not to be. Raises NeedBlob when it has not come, Refused
        for a text that leaves the braces."""
        blob = self.source or self.template
        if self.state == "absent":
            return ""
        if blob is None:
            return "".join(self._chain(chain) for chain in CHAINS)
        text = blob.data().decode("utf-8", "surrogateescape")
        if nft.depth(text) != (0, 0) or re.search(r'(?m)^[^#"\n]*\binclude\b', text):
            raise Refused("source" if self.source else "template", "is not the inside of a table: its braces do not "
                          "match, or it includes files", "write what stands between the braces of `table inet`")
        return text if text.endswith("\n") else text + "\n"

    def _chain(self, chain: str) -> str:
        rules = getattr(self, chain)
        if not rules and chain not in self.policy:
            return ""
        rows = ["type filter hook %s priority filter; policy %s;" % (chain, self.policy.get(chain, "accept"))]
        rows += BASICS[chain] if self.basics else ()
        rows += ['%s comment "%s"' % (text.strip(), name) for rule in rules for name, text in rule.items()]
        return "\tchain %s {\n%s\t}\n" % (chain, "".join("\t\t%s\n" % row for row in rows))

    def _file(self, body: str, listing: str) -> bytes:
        """What is loaded at boot. It tells how the kernel lists it, so that rules in state need not be tried again."""
        import hashlib

        digest = hashlib.sha256(listing.encode("utf-8", "surrogateescape")).hexdigest()
        return ("# holdfast: firewall %s, listed as %s\n%s" % (self.table, digest, nft.replacing(self.table, body))
                ).encode("utf-8", "surrogateescape")

    def _unit(self) -> bytes:
        program = process.which("nft") or "/usr/sbin/nft"
        return (UNIT % {"name": self.table, "path": self.path, "nft": program}).encode()

    # -- looking -----------------------------------------------------------------------------------------------------

    def observe(self) -> Observed:
        systemd.must_be_here()
        file, unit = (regular.observe(path, "root", "root", follow=False, content=True)
                      for path in (self.path, "%s/%s" % (systemd.PLACE, self.unit_name)))
        folder = files.look(FOLDER)
        has_folder = folder is not None and folder.kind == DIRECTORY
        observed = Observed(file, unit, has_folder=has_folder)
        if process.which("nft") is None:
            return with_fields(observed, fault=("", "nftables is not installed on this host",
                                                "declare `package: nftables`"))
        if os.geteuid() != 0:
            return with_fields(observed, fault=("", "only root can see and load rules", "use `become`"))
        observed = with_fields(observed, live=nft.listing(self.table),
                               enabled=self.unit_name in systemd.wanted_at_boot(),
                               running=systemd.show([self.unit_name])[self.unit_name].active == "active")
        try:
            return self._tried(observed, self.body())
        except NeedBlob:
            raise
        except Refused as refused:
            return with_fields(observed, fault=(refused.argument, refused.what, refused.mend))
        except Failed as failed:
            return with_fields(observed, fault=("", str(failed), "see nft(8)"))

    def _tried(self, observed: Observed, body: str) -> Observed:
        if body and observed.file.data == self._file(body, observed.live):
            return with_fields(observed, wanted=observed.live)
        wanted = nft.understood(self.table, body) if body else ""
        who = caller.find()
        if wanted != observed.live and who is not None and nft.lets_in(self.table, body, who) is False:
            return with_fields(observed, wanted=wanted, fault=(
                "input" if self.source is None and self.template is None else "",
                "a new connection from %s to port %d, like that of who applies this, would not be let in" % (
                    who.address, who.local_port), "accept it: `- ssh: tcp dport %d accept`" % who.local_port))
        return with_fields(observed, wanted=wanted)

    # -- deciding ----------------------------------------------------------------------------------------------------

    def diff(self, observed: Observed) -> Optional[Change]:
        if observed.fault is not None and (self.state == "present" or observed.file.state is not None):
            raise Refused(*observed.fault)
        body = self.body()
        fields: Tuple[Field, ...] = ()
        if observed.live != observed.wanted:
            fields += (Field("rules", observed.live.encode() or None, observed.wanted.encode() or None),)
        parts: List[Optional[Change]] = []
        new = observed.file if observed.has_folder else \
            with_fields(observed.file, fresh=FileState("file", "0644", "root", "root"))
        for name, file, text in (("file", new, self._file(body, observed.wanted)),
                                 ("unit", observed.unit, self._unit())):
            part = regular.present(file, text, "0600" if name == "file" else "0644") if body else regular.absent(file)
            parts.append(part)
            if part is not None:
                before = file.state is not None
                fields += (Field(name + " for the boot", "as before" if before else None,
                                 "changed" if before and body else self.path if body else None),)
        if (observed.enabled, observed.running) != (bool(body), bool(body)):
            fields += (Field("at boot", observed.enabled and observed.running, bool(body)),)
        if not fields:
            return None
        ahead: Dict[str, Optional[FileState]] = {}
        for part in parts:
            ahead.update(part.files if part is not None else {})
        if body and not observed.has_folder:
            ahead[FOLDER] = FileState(DIRECTORY, "0755", "root", "root")
        action = "delete" if not body else "update" if observed.live or observed.file.state else "create"
        return Change(action, fields, ahead, (observed, *parts), {systemd.RELOADED: True})

    # -- doing -------------------------------------------------------------------------------------------------------

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        if not observed.live and observed.file.data is None:
            return (("firewall", {"table": self.table, "state": "absent"}),)
        text = (observed.file.data or b"").decode("utf-8", "surrogateescape") or observed.live
        body = text[text.rindex("table inet %s {\n" % self.table):].partition("{\n")[2].rstrip("\n")[:-1]
        return (("firewall", {"table": self.table, "source": Blob.of(body.encode("utf-8", "surrogateescape"))}),)

    def converge(self, change: Change) -> None:
        observed, file, unit = change.payload
        body = self.body()
        if observed.live != observed.wanted:
            before = process.run(["nft", "list", "table", "inet", self.table]).stdout if observed.live else ""
            back = nft.replacing(self.table, "") + before
            nft.load(nft.replacing(self.table, body), back, caller.find(), _speak)
        if not body and observed.enabled:
            systemd.systemctl("disable", "--", self.unit_name)
        if body and not observed.has_folder:
            files.make_directory(FOLDER, FileState(DIRECTORY, "0755", "root", "root"),
                                 lambda: files.look(FOLDER) is None)
        for part in (file, unit):
            if part is not None:
                regular.converge(part)
        systemd.systemctl("daemon-reload")
        if body:
            systemd.systemctl("enable", "--", self.unit_name)
            systemd.systemctl("start", "--", self.unit_name)
            return
        if observed.running:
            systemd.systemctl("stop", "--", self.unit_name)
        if observed.has_folder and not files.names_in(FOLDER):
            files.remove(FOLDER, lambda: True)


def _speak() -> None:
    """Says nothing, but over the connection: who applies acknowledges it."""
    listening = process.Listening.now
    if listening is not None:
        listening.hear("stdout", b"")
