"""Values in files of many kinds, rules, and what is fetched from elsewhere."""
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

CASES = (*INI, *RULES)
