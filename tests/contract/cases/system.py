"""What a host is called, the kernel's settings, who may do what, and how it is reached."""
from __future__ import annotations

from tests.contract.case import Case, Witness

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
)

CHOICES = (
    Case("alternatives",
         """
         - file: /opt/greeter
           mode: "0755"
         - file: /opt/other
           mode: "0755"
         - alternatives: greeter
           path: /opt/greeter
           link: /srv/greeter
           priority: 10
         - alternatives: pager
           path: auto
         """,
         lambda w: {"Status: manual", "Value: /opt/greeter"} <= set(
             w.run("update-alternatives --query greeter").stdout.split("\n")),
         """
         - alternatives: greeter
           path: /opt/greeter
           state: absent
         """,
         ("update-alternatives --quiet --auto greeter", "update-alternatives --quiet --install /srv/greeter greeter "
          "/opt/other 90; update-alternatives --quiet --set greeter /opt/other",
          "update-alternatives --quiet --remove-all greeter")),
    Case("acl",
         """
         - directory: /srv/shared
         - file: /srv/shared/f
           mode: "0640"
         - acl: /srv/shared
           entries: [u:daemon:rwX, g:games:rX]
           default: [u:daemon:rwX]
         - acl: /srv/shared/f
           entries: [u:games:rX]
         - directory: /srv/shared/deep/er
         - file: /srv/shared/deep/er/g
         - acl: /srv/shared/deep
           entries: [g:adm:rwX]
           recurse: true
         """,
         lambda w: bool(w.file("/srv/shared").exists
                        and "user:daemon:rwx" in w.check_output("getfacl -cp /srv/shared").split("\n")
                        and "default:user:daemon:rwx" in w.check_output("getfacl -cp /srv/shared").split("\n")
                        and "user:games:r--" in w.check_output("getfacl -cpE /srv/shared/f").split("\n")
                        and "group:adm:rw-" in w.check_output("getfacl -cpE /srv/shared/deep/er/g").split("\n")),
         """
         - acl: /srv/shared
           entries: [u:daemon:rwX, g:games:rX]
           default: [u:daemon:rwX]
           state: absent
         """,
         ("setfacl -b /srv/shared", "chmod g-rwx /srv/shared", "setfacl -x g:adm /srv/shared/deep/er/g",
          "setfacl -k /srv/shared")),
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


CASES = (*HOST, *CHOICES, *SSHD)
