"""The built-in types' cases. A new type is covered when it has one here: test_contract sees to that."""
from __future__ import annotations

from tests.contract.case import Case, Witness


def _file(witness: Witness, path: str, content: str, mode: int, owner: str = "root", group: str = "root") -> bool:
    file = witness.file(path)
    return bool(file.is_file and file.content_string == content and file.mode == mode
                and (file.user, file.group) == (owner, group))


FILES = (
    Case("file with content",
         """
         - file: /srv/contract.txt
           content: |
             first
             second
           mode: "0640"
           owner: root
           group: adm
         """,
         lambda w: _file(w, "/srv/contract.txt", "first\nsecond\n", 0o640, "root", "adm"),
         """
         - file: /srv/contract.txt
           state: absent
         """,
         ("echo third >> /srv/contract.txt", "chmod 666 /srv/contract.txt", "chown 1:1 /srv/contract.txt",
          "rm /srv/contract.txt", "truncate -s 0 /srv/contract.txt")),
    Case("file from the controller",
         """
         - file: /srv/copied.bin
           source: copied.bin
         """,
         lambda w: _file(w, "/srv/copied.bin", "from the controller, ünïcode\n", 0o644),
         """
         - file: /srv/copied.bin
           state: absent
         """,
         ("printf '\\377' > /srv/copied.bin",),
         contents=(("copied.bin", "from the controller, ünïcode\n"),)),
    Case("directory",
         """
         - directory: /srv/tree
           mode: "0750"
           owner: daemon
           group: daemon
         - directory: /srv/tree/below/deeper
         """,
         lambda w: bool(w.file("/srv/tree").is_directory and w.file("/srv/tree").mode == 0o750
                        and w.file("/srv/tree").user == "daemon" and w.file("/srv/tree/below/deeper").is_directory),
         """
         - directory: /srv/tree
           state: absent
           force: true
         """,
         ("chmod 700 /srv/tree", "chown root /srv/tree", "rm -rf /srv/tree", "rmdir /srv/tree/below/deeper")),
    Case("link",
         """
         - link: /srv/pointer
           to: /etc/hostname
         """,
         lambda w: bool(w.file("/srv/pointer").is_symlink and w.file("/srv/pointer").linked_to == "/etc/hostname"),
         """
         - link: /srv/pointer
           state: absent
         """,
         ("ln -sfn /etc/hosts /srv/pointer", "rm /srv/pointer")),
    Case("template",
         """
         - template: /srv/made.conf
           source: made.conf.j2
           mode: "0600"
         """,
         lambda w: _file(w, "/srv/made.conf", "host=h1\n  - 1\n  - 2\n", 0o600),
         """
         - file: /srv/made.conf
           state: absent
         """,
         ("sed -i s/h1/h9/ /srv/made.conf", "chmod 644 /srv/made.conf", "rm /srv/made.conf"),
         contents=(("made.conf.j2",
                    "host={{ inventory_hostname }}\n{% for n in [1, 2] %}\n  - {{ n }}\n{% endfor %}\n"),)),
    Case("line",
         """
         - line: no root login
           path: /srv/line.conf
           match: ^#?PermitRootLogin\\b
           text: PermitRootLogin no
         - line: another
           path: /srv/line.conf
           text: UseDNS no
         """,
         lambda w: bool(w.file("/srv/line.conf").content_string == "# head\nPermitRootLogin no\nlast\nUseDNS no\n"),
         """
         - line: no root login
           path: /srv/line.conf
           match: ^PermitRootLogin\\b
           text: PermitRootLogin no
           state: absent
         - line: another
           path: /srv/line.conf
           text: UseDNS no
           state: absent
         """,
         ("sed -i 's/PermitRootLogin no/PermitRootLogin yes/' /srv/line.conf",),
         before="printf '# head\\n#PermitRootLogin yes\\nlast' > /srv/line.conf"),
)

ACCOUNTS = (
    Case("group",
         """
         - group: crew
           gid: 4711
         """,
         lambda w: bool(w.group("crew").exists and w.group("crew").gid == 4711),
         """
         - group: crew
           state: absent
         """,
         ("groupmod -g 4712 crew", "groupdel crew")),
    Case("user",
         """
         - group: sailors
         - user: popeye
           uid: 4801
           comment: The Sailor
           groups: [sailors]
           shell: /bin/bash
         """,
         lambda w: bool(w.user("popeye").exists and w.user("popeye").uid == 4801
                        and w.user("popeye").gecos == "The Sailor" and "sailors" in w.user("popeye").groups
                        and w.user("popeye").shell == "/bin/bash"
                        and w.file("/home/popeye").is_directory),
         """
         - user: popeye
           state: absent
         - group: sailors
           state: absent
         """,
         ("usermod -s /bin/sh popeye", "usermod -c Bluto popeye", "gpasswd -d popeye sailors", "userdel popeye")),
    Case("authorized_key",
         """
         - authorized_key: ops laptop
           user: ops
           key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGpzZXJ2ZXJrZXlzZXJ2ZXJrZXlzZXJ2ZXJrZXlzZXJ2 ops@laptop
         """,
         lambda w: bool("ops@laptop" in w.file("/home/ops/.ssh/authorized_keys").content_string
                        and w.file("/home/ops/.ssh/authorized_keys").mode == 0o600
                        and w.file("/home/ops/.ssh/authorized_keys").user == "ops"),
         """
         - authorized_key: ops laptop
           user: ops
           key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGpzZXJ2ZXJrZXlzZXJ2ZXJrZXlzZXJ2ZXJrZXlzZXJ2 ops@laptop
           state: absent
         """,
         ("sed -i /laptop/d /home/ops/.ssh/authorized_keys",)),
    Case("cron",
         """
         - cron: nightly report
           user: ops
           schedule: "15 3 * * mon-fri"
           command: /usr/bin/true --report
         """,
         lambda w: bool("15 3 * * mon-fri /usr/bin/true --report" in w.check_output("crontab -l -u ops 2>&1 || true")),
         """
         - cron: nightly report
           user: ops
           state: absent
         """,
         ("crontab -r -u ops", "crontab -l -u ops | sed 's/15 3/16 4/' | crontab -u ops -")),
)

SYSTEM = (
    Case("package",
         """
         - package: holdfast-app
         - package: holdfast-hello
           version: "1.1"
         """,
         lambda w: bool(w.package("holdfast-app").is_installed and w.package("holdfast-lib").is_installed
                        and w.package("holdfast-hello").version == "1.1"),
         """
         - package: [holdfast-app, holdfast-lib, holdfast-hello]
           state: absent
         """,
         ("dpkg -r holdfast-app", "dpkg --purge holdfast-hello",
          "apt-get install -y --allow-downgrades holdfast-hello=1.0")),
    Case("systemd_unit and service",
         """
         - systemd_unit: contract.service
           content: |
             [Service]
             ExecStart=/bin/sleep infinity

             [Install]
             WantedBy=multi-user.target
           notify: {service: contract}
         - service: contract
           running: true
           enabled: true
         """,
         lambda w: bool(w.service("contract").is_running and w.service("contract").is_enabled),
         """
         - service: contract
           running: false
           enabled: false
         - systemd_unit: contract.service
           state: absent
         """,
         ("systemctl stop contract", "systemctl disable contract", "systemctl disable --now contract",
          "echo '# hand' >> /etc/systemd/system/contract.service",
          "rm /etc/systemd/system/contract.service && systemctl daemon-reload")),
    Case("service of a package",
         """
         - package: holdfast-svc
         - service: holdfast-svc
           running: true
           enabled: true
         """,
         lambda w: bool(w.service("holdfast-svc").is_running and w.service("holdfast-svc").is_enabled),
         """
         - service: holdfast-svc
           running: false
           enabled: false
         - package: holdfast-svc
           state: purged
         """,
         ("systemctl stop holdfast-svc", "systemctl disable holdfast-svc", "apt-get purge -y holdfast-svc")),
    Case("command",
         """
         - command: sh -c 'date > /srv/stamp'
           creates: /srv/stamp
         - command: touch /srv/second
           unless: test -e /srv/second
           requires: {command: sh -c 'date > /srv/stamp'}
         """,
         lambda w: bool(w.file("/srv/stamp").exists and w.file("/srv/second").exists),
         """
         - command: rm /srv/stamp /srv/second
           removes: /srv/stamp
         """,
         ("rm /srv/stamp", "rm /srv/second")),
)

CASES = FILES + ACCOUNTS + SYSTEM
