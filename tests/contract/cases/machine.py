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

MOUNTS = (
    Case("mount",
         """
         - directory: [/srv/mnt, /srv/mnt/ram, /srv/mnt/a b, /srv/mnt/later, /srv/mnt/off]
         - mount: /srv/mnt/ram
           source: tmpfs
           kind: tmpfs
           options: [size=4m, noexec, mode=0755]
         - mount: /srv/mnt/a b
           source: /etc/ssh
           kind: none
           options: [bind, ro]
           over: true
           check_order: 0
           dump: true
         - mount: /srv/mnt/later
           source: LABEL=never
           kind: ext4
           check_order: 2
           state: present
         - mount: /srv/mnt/off
           source: tmpfs
           kind: tmpfs
           state: unmounted
         """,
         lambda w: bool(
             {"noexec", "size=4096k"} <= set(w.run("findmnt -no OPTIONS /srv/mnt/ram").stdout.strip().split(","))
             and w.file("/srv/mnt/a b/sshd_config").exists
             and w.run("findmnt -no OPTIONS '/srv/mnt/a b'").stdout.startswith("ro")
             and w.file("/etc/fstab").contains("LABEL=never") and not w.mount_point("/srv/mnt/off").exists),
         """
         - mount: [/srv/mnt/ram, /srv/mnt/a b, /srv/mnt/later, /srv/mnt/off]
           state: absent
         """,
         ("umount /srv/mnt/ram; mount -t tmpfs none /srv/mnt/off", "mount -o remount,size=8m,exec /srv/mnt/ram",
          "sed -i '/srv.mnt/d' /etc/fstab; umount '/srv/mnt/a b'"),
         before="mkdir -p '/srv/mnt/a b'; touch '/srv/mnt/a b/hidden'"),
)

CASES = (*FIREWALL, *MOUNTS)
