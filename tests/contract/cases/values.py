"""Values in files of many kinds, and rules."""
from __future__ import annotations

from tests.contract.case import Case

INI = (
    Case("ini",
         """
         - ini: uploads
           path: /srv/php.ini
           section: PHP
           option: post_max_size
           value: 16M
           comment: ";"
         - ini: fetched
           path: /srv/git.ini
           section: remote "origin"
           option: fetch
           values: [a, b]
           separator: " = "
           create: true
         - ini: no names
           path: /srv/php.ini
           section: mysqld
           option: skip-name-resolve
           bare: true
           validate: grep -q '^\\[mysqld\\]' %s
           backup: true
         """,
         lambda w: bool(w.file("/srv/git.ini").exists
                        and w.file("/srv/git.ini").content_string == '[remote "origin"]\nfetch = a\nfetch = b\n'
                        and w.file("/srv/php.ini").content_string.startswith(
                            "; kept\n[PHP]\npost_max_size=16M ; the most\n\n[mysqld]\nskip-name-resolve\n")),
         """
         - ini: uploads
           path: /srv/php.ini
           section: PHP
           option: post_max_size
           state: absent
         - ini: fetched
           path: /srv/git.ini
           section: remote "origin"
           state: absent
         - ini: no names
           path: /srv/php.ini
           section: mysqld
           state: absent
         """,
         ("sed -i s/16M/8M/ /srv/php.ini", "echo '[x]' > /srv/php.ini; printf '; kept\\n[PHP]\\npost_max_size=1 ; the "
          "most\\n' > /srv/php.ini", "sed -i s/skip-name-resolve/skip-name-resolve=1/ /srv/php.ini",
          "echo 'fetch = c' >> /srv/git.ini", "rm /srv/git.ini"),
         before="printf '; kept\\n[PHP]\\npost_max_size=8M ; the most\\n' > /srv/php.ini; rm -f /srv/git.ini"),
)

RULES = (
    Case("sudoers",
         """
         - sudoers: contract
           users: [daemon]
           groups: [adm]
           commands: [/usr/bin/id, "/usr/bin/env A=1,2", "!/usr/bin/env B=*"]
           run_as: [root, nobody]
           password: false
         - sudoers: said
           content: |
             Defaults:daemon !requiretty
             daemon ALL=(games) /bin/true
         """,
         lambda w: bool(w.run("sudo -u daemon sudo -n id -un").stdout == "root\n"
                        and w.run("sudo -u daemon sudo -n -u nobody env A=1,2").succeeded
                        and w.run("sudo -u daemon sudo -n env B=3").failed
                        and "(games) /bin/true" in w.check_output("sudo -l -U daemon")
                        and w.file("/etc/sudoers.d/contract").mode == 0o440),
         """
         - sudoers: contract
           state: absent
         - sudoers: said
           state: absent
         """,
         ("chmod 644 /etc/sudoers.d/contract", "chown daemon /etc/sudoers.d/said", "rm /etc/sudoers.d/contract",
          "sed -i s/daemon/games/ /etc/sudoers.d/said")),
)

PLACES = (
    Case("json_value",
         """
         - json_value: size
           path: /srv/daemon.json
           key: log-opts.max-size
           value: 10m
           create: true
           validate: python3 -m json.tool %s
           backup: true
         - json_value: debug
           path: /srv/daemon.json
           key: debug
           value: true
         """,
         lambda w: w.check_output("cat /srv/daemon.json") == '{"log-opts": {"max-size": "10m"}, "debug": true}',
         """
         - json_value: debug
           path: /srv/daemon.json
           key: debug
           state: absent
         - json_value: size
           path: /srv/daemon.json
           key: log-opts
           state: absent
         """,
         ("sed -i s/10m/9m/ /srv/daemon.json", "echo '{}' > /srv/daemon.json"),
         before="echo '{}' > /srv/daemon.json"),
    Case("yaml_value",
         """
         - yaml_value: workers
           path: /srv/app.yml
           key: server.workers
           value: 8
           create: true
           validate: grep -q kept %s
           backup: true
         - yaml_value: hosts
           path: /srv/app.yml
           key: hosts
           value: [a, b]
         """,
         lambda w: w.check_output("cat /srv/app.yml") ==
         "# kept\nserver:\n    host: x # mine\n    workers: 8\nhosts:\n    - a\n    - b",
         """
         - yaml_value: workers
           path: /srv/app.yml
           key: server.workers
           state: absent
         - yaml_value: hosts
           path: /srv/app.yml
           key: hosts
           state: absent
         """,
         ("sed -i s/8/9/ /srv/app.yml", "sed -i '/- b/d' /srv/app.yml"),
         before="printf '# kept\\nserver:\\n    host: x # mine\\n' > /srv/app.yml"),
)

SETTINGS = (
    Case("environment",
         """
         - environment: CONTRACT
           value: a b$HOME
         - environment: CONTRACT_PATH
           value: /opt/c#1
           profile: contract
         """,
         lambda w: bool("CONTRACT=a b$HOME" in w.check_output("runuser -l daemon -s /bin/bash -c env; "
                                                              "su -s /bin/sh daemon -c env")
                        and "CONTRACT_PATH=/opt/c#1" in w.check_output("bash -lc env")),
         """
         - environment: CONTRACT
           state: absent
         - environment: CONTRACT_PATH
           profile: contract
           state: absent
         """,
         ("echo CONTRACT=other >> /etc/environment", "rm /etc/profile.d/contract.sh")),
    Case("limits",
         """
         - limits: files
           domain: daemon
           item: nofile
           soft: "333"
           hard: "444"
           file: contract
         """,
         lambda w: w.check_output("su -s /bin/sh daemon -c 'ulimit -Sn; ulimit -Hn'") == "333\n444",
         """
         - limits: files
           domain: daemon
           item: nofile
           file: contract
           state: absent
         """,
         ("sed -i s/333/222/ /etc/security/limits.d/contract.conf",
          "printf 'daemon\\t-\\tnofile\\t99\\n' >> /etc/security/limits.d/contract.conf")),
    Case("logrotate",
         """
         - package: logrotate
         - logrotate: contract
           paths: [/var/log/contract/*.log]
           every: daily
           keep: 2
           compress: false
           options: [missingok, notifempty, create 0640 root adm]
           after: echo rotated >> /var/log/contract/told
         - logrotate: said
           content: |
             /var/log/said.log {
                 missingok
             }
         """,
         lambda w: bool(w.run("mkdir -p -m 755 /var/log/contract && echo 1 > /var/log/contract/a.log && "
                              "logrotate -f /etc/logrotate.d/contract && ls /var/log/contract/a.log.1 && "
                              "cat /var/log/contract/told").stdout.endswith("rotated\n")
                        and w.file("/etc/logrotate.d/said").exists),
         """
         - logrotate: contract
           state: absent
         - logrotate: said
           state: absent
         """,
         ("sed -i s/daily/weekly/ /etc/logrotate.d/contract", "rm /etc/logrotate.d/said"),
         before="rm -rf /var/log/contract; apt-get install -qq logrotate"),
    Case("tmpfiles",
         """
         - tmpfiles: contract
           lines: [d /srv/tmpfiles 0750 daemon adm 10d, f /srv/tmpfiles/f 0640 daemon adm - said, x /srv/other]
         - tmpfiles: later
           lines: [d /srv/later]
           now: false
         """,
         lambda w: bool(w.file("/srv/tmpfiles/f").exists and w.file("/srv/tmpfiles/f").content_string == "said"
                        and (w.file("/srv/tmpfiles").mode, w.file("/srv/tmpfiles").user) == (0o750, "daemon")
                        and not w.file("/srv/later").exists and w.file("/etc/tmpfiles.d/later.conf").exists),
         """
         - tmpfiles: contract
           state: absent
         - tmpfiles: later
           state: absent
         - directory: /srv/tmpfiles
           state: absent
           force: true
         """,
         ("rm -r /srv/tmpfiles", "chmod 700 /srv/tmpfiles", "sed -i s/10d/9d/ /etc/tmpfiles.d/contract.conf")),
)

CASES = (*INI, *RULES, *PLACES, *SETTINGS)
