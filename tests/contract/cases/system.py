"""Packages, services, units and commands."""
from __future__ import annotations

from tests.contract.case import Case

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

OPTIONS = (
    Case("package: pattern, downgrade, recommends, age of lists",
         """
         - package: holdfast-hello
           version: "1.*"
           allow_downgrade: true
           recommends: false
           refresh_s: 86400
           lock_wait_s: 60
         """,
         lambda w: bool(w.package("holdfast-hello").is_installed and w.package("holdfast-hello").version == "1.1"),
         """
         - package: holdfast-hello
           state: purged
         """,
         ("apt-get install -y holdfast-hello=2.0", "dpkg -r holdfast-hello"),
         before="apt-get install -y holdfast-hello=2.0"),
    Case("package: newest, an architecture, one that takes others along",
         """
         - package: holdfast-hello
           state: latest
         - package: holdfast-lib:amd64
         """,
         lambda w: bool(w.package("holdfast-hello").version == "2.0" if w.package("holdfast-hello").is_installed
                        else False) and bool(w.package("holdfast-lib").is_installed),
         """
         - package: holdfast-lib
           state: absent
         - package: holdfast-hello
           state: purged
         """,
         ("apt-get install -y --allow-downgrades holdfast-hello=1.0", "dpkg -r holdfast-hello",
          "dpkg --force-depends -r holdfast-lib"),
         before="apt-get install -y holdfast-app; dpkg -r holdfast-hello; dpkg --force-depends -r holdfast-lib"),
    Case("service: masked",
         """
         - service: masked-one
           masked: true
           running: false
         """,
         lambda w: bool(w.service("masked-one").is_masked and not w.service("masked-one").is_running),
         """
         - service: masked-one
           masked: false
         """,
         ("systemctl unmask masked-one", "systemctl unmask masked-one && systemctl start masked-one"),
         before="systemctl unmask masked-one; mkdir -p /usr/local/lib/systemd/system; "
                "printf '[Service]\\nExecStart=/bin/sleep infinity\\n'"
                " > /usr/local/lib/systemd/system/masked-one.service;"
                " systemctl daemon-reload; systemctl start masked-one"),
    Case("systemd_unit: drop-in, template unit and its instance, from files; a reload",
         """
         - systemd_unit: worker@.service
           source: worker.service
           notify: {service: worker@two}
         - systemd_unit: worker@two.service
           drop_in: env.conf
           template: env.conf.j2
           notify: {service: worker@two}
         - service: worker@two
           running: true
           enabled: true
           on_notify: reload
         """,
         lambda w: bool(w.service("worker@two").is_running and w.service("worker@two").is_enabled
                        and "HOST=h1" in w.check_output("systemctl show worker@two -p Environment")),
         """
         - service: worker@two
           running: false
           enabled: false
         - systemd_unit: worker@two.service
           drop_in: env.conf
           state: absent
         - systemd_unit: worker@.service
           state: absent
         """,
         ("systemctl stop worker@two", "systemctl disable worker@two", "echo >> /etc/systemd/system/worker@.service",
          "sed -i s/h1/h2/ /etc/systemd/system/worker@two.service.d/env.conf",
          "rm -r /etc/systemd/system/worker@two.service.d", "chmod 600 /etc/systemd/system/worker@.service"),
         contents=(("worker.service", "[Service]\nExecStart=/bin/sleep infinity\nExecReload=/bin/true\n\n"
                    "[Install]\nWantedBy=multi-user.target\n"),
                   ("env.conf.j2", "[Service]\nEnvironment=HOST={{ inventory_hostname }}\n"))),
    Case("systemd_unit that goes while it runs",
         """
         - systemd_unit: leaving.service
           content: |
             [Service]
             ExecStart=/bin/sleep infinity
             [Install]
             WantedBy=multi-user.target
         - service: leaving
           running: true
           enabled: true
         - systemd_unit: leaving.timer
           content: |
             [Timer]
             OnCalendar=daily
             [Install]
             WantedBy=timers.target
         - service: leaving.timer
           running: true
         """,
         lambda w: bool(w.service("leaving").is_running and w.service("leaving.timer").is_running),
         """
         - systemd_unit: leaving.timer
           state: absent
         - systemd_unit: leaving.service
           state: absent
         - service: leaving
           running: false
           enabled: false
         """,
         ("systemctl kill -s KILL leaving && sleep 0.3", "systemctl stop leaving.timer",
          "rm /etc/systemd/system/multi-user.target.wants/leaving.service")),
    Case("package that goes with its service",
         """
         - package: holdfast-svc
         - file: /etc/holdfast-svc.conf
           content: |
             GREETING=mine
           notify: {service: holdfast-svc}
         - service: holdfast-svc
           running: false
           enabled: false
         """,
         lambda w: bool(w.package("holdfast-svc").is_installed and not w.service("holdfast-svc").is_running
                        and w.file("/etc/holdfast-svc.conf").content_string == "GREETING=mine\n"),
         """
         - package: holdfast-svc
           state: purged
         - service: holdfast-svc
           running: false
           enabled: false
         """,
         ("systemctl start holdfast-svc", "systemctl enable holdfast-svc", "dpkg -P holdfast-svc",
          "dpkg -r holdfast-svc", "rm /etc/holdfast-svc.conf")),
    Case("command: a shell, a user, words, input, codes; when told, when something is there",
         """
         - command: make the greeting
           argv: [sh, -c, 'cat > greeting && echo "$WORD $(id -un)" >> greeting && exit 3']
           cwd: /srv/cmd
           user: daemon
           env: {WORD: "hello; there"}
           stdin: "in: "
           success: ["0", "3"]
           creates: /srv/cmd/greeting
         - command: test -e /srv/cmd/old && rm /srv/cmd/old
           shell: true
           removes: /srv/cmd/old
           only_if: test -e /srv/cmd/greeting
           requires: {command: make the greeting}
         - file: /srv/cmd/conf
           content: "1"
           notify: {command: sh -c 'echo told >> /srv/cmd/told'}
         - command: sh -c 'echo told >> /srv/cmd/told'
           on_notify: true
         """,
         lambda w: bool(w.file("/srv/cmd/greeting").exists
                        and w.file("/srv/cmd/greeting").content_string == "in: hello; there daemon\n"
                        and not w.file("/srv/cmd/old").exists and w.file("/srv/cmd/told").exists),
         """
         - directory: /srv/cmd
           state: absent
           force: true
         """,
         ("rm /srv/cmd/greeting", "touch /srv/cmd/old", "echo 2 > /srv/cmd/conf"),
         before="rm -rf /srv/cmd; mkdir -m 777 /srv/cmd && touch /srv/cmd/old"),
)

CASES = (*SYSTEM, *OPTIONS)
