"""What a host has below its services: network, disks, kernel, language."""
from __future__ import annotations

from tests.contract.case import Case, Witness


def _lists(w: Witness, *parts: str) -> bool:
    """What the kernel has, as nft tells the witness."""
    text = w.run("nft list ruleset").stdout
    return all(part in text for part in parts)


FIREWALL = (
    Case("firewall",
         """
         - package: nftables
         - firewall: contract
           policy: {input: drop, forward: drop}
           basics: true
           input:
             - ssh: tcp dport 22 accept
             - web: tcp dport { 80, 443 } accept
           forward:
             - none: counter drop
           output:
             - all: accept
         - firewall: made
           template: made.nft.j2
         """,
         lambda w: _lists(w, "table inet contract", "tcp dport { 80, 443 } accept", "set bad", "dport 2401 drop")
         and w.service("holdfast-firewall-contract").is_enabled,
         """
         - firewall: [contract, made]
           state: absent
         """,
         ("nft flush ruleset", "nft add element inet made bad { 192.0.2.9 }; rm /etc/nftables.d/made.nft",
          "systemctl disable holdfast-firewall-contract"),
         before="apt-get install -y -qq nftables",
         contents=(("made.nft.j2", "set bad { type ipv4_addr; elements = { 192.0.2.1 }; }\n"
                    "set seen { type ipv4_addr; flags dynamic; timeout 1h; }\n"
                    "chain input { type filter hook input priority 5; ip saddr @bad drop;\n"
                    " tcp dport {{ 2400 + 1 }} drop\n}\n"),)),
)

CASES = (*FIREWALL,)
