"""Packages, services, units and commands."""
from __future__ import annotations

from tests.contract.case import Case, Witness

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
         - package: [holdfast-app, holdfast-hello]
           state: absent
           autoremove: true
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
    Case("script",
         """
         - script: greet
           content: |
             #!/bin/sh -e
             echo "$1 $#" > /srv/greeted
           args: [it's; me, "2"]
           creates: /srv/greeted
         """,
         lambda w: bool(w.file("/srv/greeted").exists and w.file("/srv/greeted").content_string == "it's; me 2\n"),
         """
         - script: rm
           content: rm /srv/greeted
           interpreter: sh
           removes: /srv/greeted
         """,
         ("rm /srv/greeted",)),
)

OPTIONS = (
    Case("package: pattern, downgrade, recommends, age of lists",
         """
         - package: holdfast-hello
           provider: apt
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

SCRIPTS = (
    Case("script: files of the project, another user, guards, when told",
         """
         - script: gather
           source: gather.py
           interpreter: python3 -B
           args: [first, "second; third"]
           cwd: /srv/scripts
           user: daemon
           env: {WORD: "hello; there"}
           stdin: "in: "
           success: ["0", "3"]
           unless: test -e gathered
         - script: from a template
           template: made.j2
           only_if: test -e /srv/scripts/gathered
           removes: /srv/scripts/old
           requires: {script: gather}
         - file: /srv/scripts/conf
           content: "1"
           notify: {script: told}
         - script: told
           source: told.sh
           on_notify: true
         """,
         lambda w: bool(w.file("/srv/scripts/gathered").exists
                        and w.file("/srv/scripts/gathered").content_string ==
                        "in: hello; there|first|second; third|daemon"
                        and not w.file("/srv/scripts/old").exists and w.file("/srv/scripts/told").exists
                        and w.file("/srv/scripts/told").content_string.startswith("h1\n")),
         """
         - directory: /srv/scripts
           state: absent
           force: true
         """,
         ("rm /srv/scripts/gathered", "touch /srv/scripts/old", "echo 2 > /srv/scripts/conf"),
         before="rm -rf /srv/scripts; mkdir -m 777 /srv/scripts && touch /srv/scripts/old",
         contents=(("gather.py", "import getpass, os, sys\n"
                    "said = '|'.join([sys.stdin.read() + os.environ['WORD'], *sys.argv[1:], getpass.getuser()])\n"
                    "open('gathered', 'w').write(said)\nsys.exit(3)\n"),
                   ("made.j2", "#!/bin/sh\necho {{ inventory_hostname }} >> /srv/scripts/told\nrm /srv/scripts/old\n"),
                   ("told.sh", "#!/bin/sh\necho told >> /srv/scripts/told\n"))),
)

ASK = """python3 -c 'import urllib.request; print(urllib.request.urlopen("http://127.0.0.1:8099/").read().decode())'"""
HOST = (
    Case("hostname",
         """
         - hostname: renamed.example.org
         """,
         lambda w: bool(w.check_output("cat /proc/sys/kernel/hostname /etc/hostname") == "\n".join(
             ["renamed.example.org"] * 2)),
         """
         - hostname: h1
         """,
         ("hostname other", "echo other > /etc/hostname", "rm /etc/hostname")),
    Case("timezone",
         """
         - timezone: Europe/Berlin
         """,
         lambda w: w.check_output("date +%Z; cat /etc/timezone").split("\n") in (
             ["CET", "Europe/Berlin"], ["CEST", "Europe/Berlin"]),
         """
         - timezone: Etc/UTC
         """,
         ("ln -sf /usr/share/zoneinfo/Asia/Tokyo /etc/localtime", "echo Asia/Tokyo > /etc/timezone",
          "rm /etc/localtime", "cp --remove-destination /usr/share/zoneinfo/Asia/Tokyo /etc/localtime")),
    Case("sysctl",
         """
         - sysctl: net.ipv4.ip_forward
           value: "1"
         - sysctl: net.ipv4.ip_local_port_range
           value: 20000 60000
           path: /etc/sysctl.d/50-ports.conf
         - sysctl: net.ipv4.tcp_syncookies
           value: "1"
           runtime: false
         - sysctl: net.ipv4.ip_default_ttl
           value: "65"
           boot: false
         """,
         lambda w: bool(w.sysctl("net.ipv4.ip_forward") == 1 and w.sysctl("net.ipv4.ip_default_ttl") == 65
                        and w.check_output("cat /proc/sys/net/ipv4/ip_local_port_range") == "20000\t60000"
                        and w.file("/etc/sysctl.d/90-holdfast.conf").exists
                        and w.file("/etc/sysctl.d/90-holdfast.conf").content_string ==
                        "net.ipv4.ip_forward = 1\nnet.ipv4.tcp_syncookies = 1\n"
                        and "20000 60000" in w.file("/etc/sysctl.d/50-ports.conf").content_string),
         """
         - sysctl: net.ipv4.ip_forward
           state: absent
         - sysctl: net.ipv4.tcp_syncookies
           state: absent
         - sysctl: net.ipv4.ip_local_port_range
           path: /etc/sysctl.d/50-ports.conf
           state: absent
         """,
         ("sysctl -w net.ipv4.ip_forward=0", "sysctl -w net.ipv4.ip_default_ttl=66",
          "sed -i 's/= 1/= 0/' /etc/sysctl.d/90-holdfast.conf",
          "rm /etc/sysctl.d/50-ports.conf"),
         before="sysctl -w net.ipv4.ip_forward=0"),
    Case("package_hold",
         """
         - package: holdfast-hello
           version: "1.0"
           allow_downgrade: true
         - package_hold: holdfast-hello
           provider: apt
         """,
         lambda w: "holdfast-hello" in w.check_output("apt-mark showhold"),
         """
         - package_hold: holdfast-hello
           state: absent
         """,
         ("apt-mark unhold holdfast-hello", "apt-mark unhold holdfast-hello; apt-get install -y holdfast-hello=2.0",
          "apt-mark unhold holdfast-hello; apt-get purge -y holdfast-hello")),
    Case("wait_for, http_check, command_check and assert",
         """
         - assert: this is a Debian
           that: "{{ facts.os.family == 'debian' }}"
           mend: use another host
         - file: /srv/www/index.html
           content: all is well
         - systemd_unit: www.service
           content: |
             [Service]
             ExecStartPre=/bin/sleep 0.5
             ExecStart=/usr/bin/python3 -m http.server --directory /srv/www 8099
         - service: www
           running: true
         - wait_for: the port
           port: 8099
           host: localhost
           timeout_s: 20
           requires: {service: www}
         - wait_for: the page
           path: /srv/www/index.html
         - http_check: http://127.0.0.1:8099/index.html
           status: [200]
           contains: all is well
           headers: {Accept: text/html}
           verify: false
           request_s: 5
           timeout_s: 20
           requires: [{wait_for: the port}, {file: /srv/www/index.html}]
         - command_check: the page is well
           run: grep -c well /srv/www/index.html || echo lost
           shell: true
           user: nobody
           success: [0]
           matches: ^1$
           timeout_s: 5
           mend: write another page
           requires: {file: /srv/www/index.html}
         - command_check: nothing else is said
           run: grep -v well /srv/www/index.html
           success: [1]
           silent: true
           requires: {file: /srv/www/index.html}
         """,
         lambda w: bool(w.service("www").is_running and w.check_output(ASK) == "all is well"),
         """
         - service: www
           running: false
         - systemd_unit: www.service
           state: absent
         - wait_for: it is gone
           port: 8099
           state: absent
           requires: {service: www}
         """,
         ("systemctl stop www", "echo all is lost > /srv/www/index.html"),
         before="mkdir -p /srv/www"),
)

TIMERS = (
    Case("timer",
         """
         - timer: nightly
           command: /usr/bin/env sh -c 'echo "$WORD 100% \\" $(id -un)" > /srv/timer/ran'
           user: daemon
           folder: /srv/timer
           env: {WORD: 'a "b" 5%'}
           limit_s: 30
           description: A nightly 100 % check
           on_calendar: ["Mon..Fri *-*-* 02:30:00", daily]
           persistent: true
           splay_s: 600
           accuracy_s: 1
         - timer: shelled
           command: echo hello | cat > /srv/shelled
           shell: true
           on_boot: 1h 30min
           every: 12h
           enabled: false
         - systemd_unit: pinged.service
           content: |
             [Service]
             Type=oneshot
             ExecStart=/bin/true
         - timer: pinged
           unit: pinged.service
           on_calendar: [weekly]
         """,
         lambda w: _timer_runs(w),
         """
         - timer: [nightly, shelled, pinged]
           state: absent
         - systemd_unit: pinged.service
           state: absent
         """,
         ("systemctl stop nightly.timer; systemctl enable --now shelled.timer", "systemctl disable nightly.timer",
          "sed -i s/02:30/03:30/ /etc/systemd/system/nightly.timer; chmod 600 /etc/systemd/system/pinged.timer",
          "rm /etc/systemd/system/nightly.service; systemctl daemon-reload"),
         before="mkdir -p -m 777 /srv/timer"),
)


SSHD = (
    Case("sshd",
         """
         - sshd: 05-contract
           options:
             ClientAliveInterval: 61
             AcceptEnv: [CONTRACT_A, CONTRACT_B]
         - sshd: 90-daemon
           match: User daemon
           options: {X11Forwarding: "no"}
         - sshd: 06-source
           source: source.conf
         - sshd: 07-template
           template: template.conf.j2
         - sshd: main
           path: /etc/ssh/sshd_config
           options: {X11Forwarding: "no"}
         """,
         lambda w: _sshd_says(w, "clientaliveinterval 61", "acceptenv CONTRACT_A", "acceptenv CONTRACT_B",
                              "maxauthtries 5", "versionaddendum h1", "x11forwarding no"),
         """
         - sshd: [05-contract, 90-daemon, 06-source, 07-template]
           state: absent
         - sshd: main
           path: /etc/ssh/sshd_config
           options: {X11Forwarding: "yes"}
         """,
         ("rm /etc/ssh/sshd_config.d/05-contract.conf /etc/ssh/sshd_config.d/90-daemon.conf",
          "sed -i s/61/62/ /etc/ssh/sshd_config.d/05-contract.conf",
          "echo 'UsePAM yes' >> /etc/ssh/sshd_config.d/06-source.conf; systemctl reload ssh",
          "sed -i '/^X11/d' /etc/ssh/sshd_config; systemctl reload ssh"),
         contents=(("source.conf", "MaxAuthTries 5\n"),
                   ("template.conf.j2", "VersionAddendum {{ inventory_hostname }}\n"))),
)


def _sshd_says(w: Witness, *settings: str) -> bool:
    """What it makes of its files, and what it has told to whoever connects."""
    greeting = w.check_output("bash -c 'exec 3<>/dev/tcp/127.0.0.1/22; head -1 <&3'")
    return set(settings) <= set(w.check_output("sshd -T").splitlines()) and greeting.rstrip("\r").endswith(" h1")


def _timer_runs(w: Witness) -> bool:
    """What systemd says of the timers, and what the services do that they start."""
    nightly = w.service("nightly.timer")
    if not nightly.exists:
        return False
    w.run_expect([0], "rm -f /srv/timer/ran; systemctl start nightly shelled")
    asked = w.check_output("systemctl show nightly.timer -p TimersCalendar -p RandomizedDelayUSec -p Persistent")
    return bool(
        nightly.is_running and nightly.is_enabled and "02:30:00" in asked and "10min" in asked and "=yes" in asked
        and w.file("/srv/timer/ran").content_string == 'a "b" 5% 100% " daemon\n'
        and w.file("/srv/shelled").content_string == "hello\n"
        and not w.service("shelled.timer").is_running and not w.service("shelled.timer").is_enabled
        and w.check_output("systemctl show pinged.timer -p Unit --value") == "pinged.service"
        and w.service("pinged.timer").is_running and w.service("pinged.timer").is_enabled)


CASES = (*SYSTEM, *OPTIONS, *SCRIPTS, *HOST, *TIMERS, *SSHD)
