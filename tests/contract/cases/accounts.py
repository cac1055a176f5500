"""Users, groups, their keys and their cron jobs."""
from __future__ import annotations

from tests.contract.case import Case

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

OPTIONS = (
    Case("group: members and a system's number",
         """
         - group: watch
           system: true
           members: [daemon, ops]
         """,
         lambda w: bool(w.group("watch").exists and w.group("watch").gid < 1000
                        and sorted(w.group("watch").members) == ["daemon", "ops"]),
         """
         - group: watch
           state: absent
         """,
         ("gpasswd -d ops watch", "gpasswd -a deploy watch", "groupdel watch")),
    Case("user: password, lock, expiry, groups that are all",
         """
         - user: olive
           group: daemon
           groups: [audio, video]
           append: false
           password_hash: $6$abcdefgh$0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz01234567
           locked: true
           expires: "2031-12-31"
           home: /srv/olive
           create_home: true
           update_password: always
         """,
         lambda w: bool(w.user("olive").exists and w.user("olive").group == "daemon"
                        and sorted(w.user("olive").groups) == ["audio", "daemon", "video"]
                        and w.user("olive").password.startswith("!$6$abcdefgh$")
                        and str(w.user("olive").expiration_date).startswith("2031-12-31")
                        and w.file("/srv/olive/.profile").user == "olive"),
         """
         - user: olive
           state: absent
           remove_home: true
         """,
         ("usermod -aG adm olive", "usermod -U olive", "chage -E 2030-01-01 olive", "usermod -g users olive",
          "echo 'olive:!$6$other678$0123456789' | chpasswd -e", "rm -r /srv/olive")),
    Case("user: without a password",
         """
         - user: castor
           password_hash: "!"
           shell: /bin/sh
         """,
         lambda w: bool(w.user("castor").exists and w.user("castor").password == "!"),
         """
         - user: castor
           state: absent
           remove_home: true
         """,
         ("echo castor:open-sesame | chpasswd", "usermod -p '*' castor", "usermod -p '!!' castor")),
    Case("user: of the system, moved",
         """
         - user: wimpy
           system: true
           home: /srv/wimpy-new
           move_home: true
           shell: /usr/sbin/nologin
         """,
         lambda w: bool(w.user("wimpy").exists and w.user("wimpy").home == "/srv/wimpy-new"
                        and w.file("/srv/wimpy-new/kept").exists),
         """
         - user: wimpy
           state: absent
           remove_home: true
         """,
         ("usermod -s /bin/sh wimpy", "usermod -d /srv/wimpy-old -m wimpy"),
         before="userdel -r wimpy 2>/dev/null; useradd -r -m -d /srv/wimpy-old wimpy && touch /srv/wimpy-old/kept"),
    Case("authorized_key: options, comment, exclusive, a path of its own",
         """
         - authorized_key: bound
           user: ops
           key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGpzZXJ2ZXJrZXlzZXJ2ZXJrZXlzZXJ2ZXJrZXlzZXJ2 given
           options: from="10.0.0.0/8",no-pty
           comment: mine
           path: /srv/keys
           exclusive: true
         """,
         lambda w: bool(w.file("/srv/keys").content_string == '# head\nfrom="10.0.0.0/8",no-pty ssh-ed25519 '
                        "AAAAC3NzaC1lZDI1NTE5AAAAIGpzZXJ2ZXJrZXlzZXJ2ZXJrZXlzZXJ2ZXJrZXlzZXJ2 mine\n"),
         """
         - authorized_key: bound
           user: ops
           key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGpzZXJ2ZXJrZXlzZXJ2ZXJrZXlzZXJ2ZXJrZXlzZXJ2
           path: /srv/keys
           state: absent
         """,
         ("sed -i s/no-pty/pty/ /srv/keys", "sed -i s/mine/yours/ /srv/keys",
          "cat /etc/ssh/ssh_host_*.pub >> /srv/keys",
          "sed -i '$d' /srv/keys"),
         before="echo '# head' > /srv/keys"),
    Case("cron: in a file of its own, by parts, with variables, switched off",
         """
         - cron: renew
           file: certificates
           user: daemon
           minute: "*/5"
           hour: 1-3
           day: 1
           month: jan
           weekday: mon
           command: date +%Y
           env: {GREETING: it's me}
         - cron: resting
           file: certificates
           user: root
           schedule: "@daily"
           command: /bin/true
           disabled: true
         """,
         lambda w: bool(w.file("/etc/cron.d/certificates").exists and w.file("/etc/cron.d/certificates").mode == 0o644
                        and w.file("/etc/cron.d/certificates").content_string ==
                        "# holdfast: renew\n*/5 1-3 1 jan mon daemon export GREETING='it'\"'\"'s me'; date +\\%Y\n"
                        "# holdfast: resting\n#@daily root /bin/true\n"),
         """
         - cron: renew
           file: certificates
           state: absent
         - cron: resting
           file: certificates
           state: absent
         """,
         ("sed -i s/jan/feb/ /etc/cron.d/certificates", "sed -i s/#@daily/@daily/ /etc/cron.d/certificates",
          "rm /etc/cron.d/certificates", "truncate -s -1 /etc/cron.d/certificates")),
)

CASES = (*ACCOUNTS, *OPTIONS)
