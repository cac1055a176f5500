"""Packages, and holds on them."""
from __future__ import annotations

from tests.contract.case import Case

CASES = (
    Case("package",
         """
         - package: holdfast-app
         - package: holdfast-hello
           version: "1.1"
         """,
         lambda w: bool(w.package("holdfast-app").is_installed and w.package("holdfast-lib").is_installed
                        and w.package("holdfast-hello").is_installed and w.package("holdfast-hello").version == "1.1"),
         """
         - package: [holdfast-app, holdfast-hello]
           state: absent
           autoremove: true
         """,
         ("dpkg -r holdfast-app", "dpkg --purge holdfast-hello",
          "apt-get install -y --allow-downgrades holdfast-hello=1.0"),
         before="dpkg --purge holdfast-app holdfast-hello holdfast-lib"),  # another case may have left them there
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
)
