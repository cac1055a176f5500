"""hosts_entry: a name has this address in /etc/hosts, or none."""
from __future__ import annotations

from typing import ClassVar, List, Sequence, Set, Tuple

from holdfast_host import Identity, Refused, Resource, arg, checks, texts

PATH = "/etc/hosts"


def _address(text: str) -> str:
    """As all spell it, an IPv6 address with its zone; "": it is none."""
    import ipaddress

    address, percent, zone = text.partition("%")
    try:
        return str(ipaddress.ip_address(address)) + percent + zone
    except ValueError:
        return ""


def _addresses(given: Sequence[str]) -> None:
    for text in given:
        if not _address(text):
            raise Refused("", "`%s` is not an IP address" % text, "as 10.0.0.5 or fd00::5")
    if len(set(map(_address, given))) < len(given):
        raise Refused("", "holds an address twice", "leave one out")


def _names(given: Sequence[str]) -> None:
    for name in given:
        checks.host_name(name)


class HostsEntry(texts.Edited, Resource):  # the second is what types are found by
    """A name has these addresses in /etc/hosts and no others, or is not there. Other lines stay, and so does a comment
    behind an entry; as the first line that has a name is the one that counts, the name is taken out of other lines."""

    named: ClassVar[str] = "name"
    example: ClassVar[str] = """
        - hosts_entry: db1.example.org
          addresses: [10.0.0.5, "fd00::5"]
          aliases: [db1]
    """

    name: str = arg(doc="The name.", check=checks.host_name)
    addresses: Tuple[str, ...] = arg((), check=_addresses, doc="Its addresses, IPv4 or IPv6.")
    aliases: Tuple[str, ...] = arg((), check=_names, doc="Further names of these addresses.")
    state: str = arg("present", choices=("present", "absent"), doc="Whether the name is there.")

    def check(self) -> None:
        if _address(self.name):
            raise Refused("name", "`%s` is an address, not a name" % self.name,
                          "write `- hosts_entry: NAME`, and below it `addresses: [%s]`" % self.name)
        if self.state == "present" and not self.addresses:
            raise Refused("addresses", "is missing", "add `addresses: [10.0.0.5]`")
        for argument in ("addresses", "aliases"):
            if self.state == "absent" and getattr(self, argument):
                raise Refused(argument, "is given for a name that is to be absent", "remove it")

    def provides(self) -> Sequence[Identity]:
        return (("hosts_entry", self.name),)

    def where(self) -> str:
        return PATH

    def edited(self, now: str) -> str:
        """The whole file as it should be."""
        names = list(dict.fromkeys((self.name, *self.aliases)))
        rows = [(row, *parsed(texts.body(row))) for row in texts.rows_of(now)]
        own = self.name.lower()  # whoever looks a name up takes no account of capitals
        there = {address for _, address, found, _ in rows if found and found[0].lower() == own}
        open_addresses = [address for address in self.addresses if address not in there]
        done: Set[str] = set()
        after: List[str] = []
        for row, address, found, comment in rows:
            end = row[len(texts.body(row)):]
            if own not in (name.lower() for name in found):
                after.append(row)
            elif found[0].lower() != own:
                others = " ".join(name for name in found if name.lower() != own)
                after.append("%s\t%s%s" % (address, others, comment) + end)
            elif address not in self.addresses and _of_kind(address, open_addresses):
                moved = _of_kind(address, open_addresses)[0]
                open_addresses.remove(moved)
                after.append("%s\t%s%s" % (moved, " ".join(names), comment) + end)
            elif address in self.addresses and address not in done:
                done.add(address)
                after.append(row if found == names else "%s\t%s%s" % (address, " ".join(names), comment) + end)
        texts.put(after, len(after), ["%s\t%s" % (address, " ".join(names)) for address in open_addresses])
        return "".join(after)


def _of_kind(address: str, among: Sequence[str]) -> List[str]:
    """Those that are IPv4 or IPv6 as this one is."""
    return [one for one in among if (":" in one) == (":" in address)]


def parsed(row: str) -> Tuple[str, List[str], str]:
    """(address, names, comment with the blanks before it); of a line that is no entry the first two are empty."""
    plain = row.partition("#")[0]
    words = plain.split()
    comment = row[len(plain.rstrip()):] if "#" in row else ""
    return (words[0], words[1:], comment) if len(words) > 1 else ("", [], comment)
