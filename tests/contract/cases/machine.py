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
         lambda w: _lists(w, "table inet contract", "tcp dport { 80, 443 } accept", "set bad", "dport 2401 drop",
                          "hook input priority filter; policy drop;", "hook forward priority filter; policy drop;",
                          "ct state established,related accept", "counter packets", "hook output")
         and w.service("holdfast-firewall-contract").is_enabled,
         """
         - firewall: [contract, made]
           state: absent
         """,
         ("nft flush ruleset", "nft add element inet made bad { 192.0.2.9 }; rm /etc/nftables.d/made.nft",
          "systemctl disable holdfast-firewall-contract"),
         before="apt-get -f -y -qq install; apt-get install -y -qq nftables",
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
             and w.file("/etc/fstab").contains("^LABEL=never.*[[:space:]]0[[:space:]]2$")
             and w.file("/etc/fstab").contains("^/etc/ssh.*[[:space:]]1[[:space:]]0$")
             and not w.mount_point("/srv/mnt/off").exists),
         """
         - mount: [/srv/mnt/ram, /srv/mnt/a b, /srv/mnt/later, /srv/mnt/off]
           state: absent
         """,
         ("umount /srv/mnt/ram; mount -t tmpfs none /srv/mnt/off", "mount -o remount,size=8m,exec /srv/mnt/ram",
          "sed -i '/srv.mnt/d' /etc/fstab; umount '/srv/mnt/a b'"),
         before="mkdir -p '/srv/mnt/a b'; touch '/srv/mnt/a b/hidden'"),
)

POSTGRESQL = (
    Case("postgresql",
         """
         - package: postgresql
         - postgresql_role: group of "readers"
           login: false
           superuser: true
           createdb: true
           createrole: true
           replication: true
           inherit: false
         - postgresql_role: shop'; DROP ROLE postgres; --
           password: it's a se\\cret
           member_of: ['group of "readers"']
           connection_limit: 7
           port: 5432
         - postgresql_role: hashed
           password_hash: SCRAM-SHA-256$4096:AAAAAAAAAAAAAAAAAAAAAA==$""" + "A" * 43 + "=:" + "A" * 43 + """=
         - postgresql_database: shop "db"
           owner: shop'; DROP ROLE postgres; --
           encoding: UTF8
           locale: C.UTF-8
           template: template0
           extensions: [pg_trgm]
           privileges: {PUBLIC: none, 'group of "readers"': "connect, temporary"}
           port: 5432
         """,
         lambda w: _has_shop(w),
         """
         - package: postgresql
         - postgresql_database: shop "db"
           state: absent
           force: true
         - postgresql_role: ["shop'; DROP ROLE postgres; --", hashed, 'group of "readers"']
           state: absent
         """,
         ("""su postgres -c 'psql -c "alter role hashed password null nologin"'""",
          """su postgres -c "psql -d 'shop \\"db\\"' -c 'drop extension pg_trgm'" """,
          """su postgres -c "psql -c 'grant create on database \\"shop \\"\\"db\\"\\"\\" to public'" """),
         before="apt-get install -y -qq postgresql; systemctl start postgresql"),
)


def _has_shop(w: Witness) -> bool:
    """The password is tried as a client does, over TCP; the rest is asked of the server."""
    asked = w.run("PGPASSWORD=\"it's a se\\\\cret\" psql -XAt -h 127.0.0.1 -U \"shop'; DROP ROLE postgres; --\" "
                  "-d 'shop \"db\"' -c 'select count(*) from pg_extension where extname = $$pg_trgm$$; show "
                  "server_encoding; select has_database_privilege($$hashed$$, current_database(), $$connect$$); "
                  "select rolcanlogin, rolconnlimit, rolpassword is not null from pg_roles where rolname = $$hashed$$; "
                  "select rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolinherit from pg_roles "
                  "where rolname like $$group%$$; select rolconnlimit from pg_roles where rolname = current_user'")
    return bool(asked.stdout.split() == ["1", "UTF8", "f", "t|-1|t", "f|t|t|t|t|f", "7"])


KERNEL = (
    Case("kernel_module",
         """
         - kernel_module: br-netfilter
           options: {nf_call: "1"}
           now: false
         - kernel_module: usb_storage
           state: blacklisted
         - kernel_module: never_there
           state: absent
           boot: false
         """,
         lambda w: bool(w.file("/etc/modules-load.d/br_netfilter.conf").exists
                        and w.file("/etc/modprobe.d/br_netfilter.conf").content_string ==
                        "options br_netfilter nf_call=1\n"
                        and "install usb_storage /bin/false" in w.run("cat /etc/modprobe.d/usb_storage.conf").stdout),
         """
         - kernel_module: [br-netfilter, usb_storage]
           state: absent
         """,
         ("rm /etc/modules-load.d/br_netfilter.conf", "echo > /etc/modprobe.d/usb_storage.conf"),
         before="apt-get install -y -qq kmod"),
    Case("swap",
         """
         - swap: /var/swapfile
           size_mib: 4
           priority: 5
           active: false
         """,
         lambda w: bool(w.file("/var/swapfile").size == 4 << 20 if w.file("/var/swapfile").exists else False)
         and w.file("/var/swapfile").mode == 0o600 and w.file("/etc/fstab").contains("swap\tsw,pri=5")
         and "swap" in w.check_output("blkid -p -s TYPE -o value /var/swapfile"),
         """
         - swap: /var/swapfile
           state: absent
         """,
         ("rm /var/swapfile", "chmod 644 /var/swapfile; sed -i /swapfile/d /etc/fstab",
          "truncate -s 8M /var/swapfile")),
    Case("locale",
         """
         - locale: fr_FR
           default: true
         - locale: C.UTF-8
         """,
         lambda w: "fr_FR" in w.check_output("locale -a").split()
         and "vendredi" in w.run(". /etc/default/locale; LC_ALL=$LANG date -d 2026-11-27 +%A").stdout,
         """
         - file: /etc/default/locale
           state: absent
         - locale: fr_FR
           state: absent
         """,
         ("sed -i s/fr_FR/C/ /etc/default/locale", "sed -i 's/^fr_FR/# fr_FR/' /etc/locale.gen"),
         before="apt-get install -y -qq locales"),
)

CASES = (*FIREWALL, *MOUNTS, *POSTGRESQL, *KERNEL)
