"""Services, their units, and timers."""
from __future__ import annotations

from tests.contract.case import Case, Witness

SERVICES = (
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


def _timer_runs(w: Witness) -> bool:
    """What systemd says of the timers, and what the services do that they start."""
    nightly = w.service("nightly.timer")
    if not nightly.exists:
        return False
    w.run_expect([0], "rm -f /srv/timer/ran; systemctl start nightly shelled")
    asked = w.check_output("systemctl show nightly.timer nightly.service shelled.timer -p TimersCalendar -p Persistent "
                           "-p RandomizedDelayUSec -p AccuracyUSec -p Description -p WorkingDirectory "
                           "-p RuntimeMaxUSec -p TimeoutStartUSec -p TimersMonotonic").splitlines()
    told = {"RandomizedDelayUSec=10min", "Persistent=yes", "AccuracyUSec=1s", "Description=A nightly 100 % check",
            "WorkingDirectory=/srv/timer", "TimeoutStartUSec=30s"}
    return bool(
        nightly.is_running and nightly.is_enabled and told <= {*asked} and "02:30:00" in "".join(asked)
        and "OnUnitActiveUSec=12h" in "".join(asked)
        and w.file("/srv/timer/ran").content_string == 'a "b" 5% 100% " daemon\n'
        and w.file("/srv/shelled").content_string == "hello\n"
        and not w.service("shelled.timer").is_running and not w.service("shelled.timer").is_enabled
        and w.check_output("systemctl show pinged.timer -p Unit --value") == "pinged.service"
        and w.service("pinged.timer").is_running and w.service("pinged.timer").is_enabled)


CASES = (*SERVICES, *TIMERS)
