"""Values in files of many kinds, rules, and what is fetched from elsewhere."""
from __future__ import annotations

import base64
import gzip
import hashlib
import io
import tarfile

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



def _tar(**files: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as whole:
        for name, text in files.items():
            info = tarfile.TarInfo(f"app-1/{name}")
            info.size, info.mtime = len(text), 1_700_000_000
            whole.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()


APP, FETCHED = _tar(run="#!/bin/sh\n", conf="a=1\n"), b"fetched\n"
APP_SHA, FETCHED_SHA = hashlib.sha256(APP).hexdigest(), hashlib.sha256(FETCHED).hexdigest()
PACKED = base64.b64encode(gzip.compress(APP, mtime=0)).decode()
SERVES = ("mkdir -p /srv/served; printf 'fetched\\n' > /srv/served/f; systemctl is-active -q served || systemd-run -q "
          "--unit served python3 -m http.server -d /srv/served -b 127.0.0.1 8097; "
          "until python3 -c 'import urllib.request as u; u.urlopen(\"http://127.0.0.1:8097/f\")' 2> /dev/null; "
          "do sleep 0.1; done")
"""A web server on the host itself."""

FETCH = (
    Case("download",
         f"""
         - download: /srv/fetched/f
           url: http://127.0.0.1:8097/f
           checksum: sha256:{FETCHED_SHA}
           owner: daemon
           group: adm
           mode: "0640"
           requires: {{directory: /srv/fetched}}
         - directory: /srv/fetched
         - download: /srv/fetched/whatever
           url: http://127.0.0.1:8097/f?x=1
           unverified: true
           username: me
           password: secret
           headers: {{X-Token: abc}}
           timeout_s: 10
           force: true
         """,
         lambda w: bool(w.file("/srv/fetched/f").exists and w.file("/srv/fetched/f").content == FETCHED
                        and w.file("/srv/fetched/f").mode == 0o640 and w.file("/srv/fetched/f").user == "daemon"
                        and w.file("/srv/fetched/whatever").exists),
         """
         - directory: /srv/fetched
           state: absent
           force: true
         """,
         ("echo >> /srv/fetched/f", "rm /srv/fetched/f", "chown 0:0 /srv/fetched/f", "chmod 644 /srv/fetched/f",
          "rm /srv/fetched/whatever", "rm /srv/fetched/whatever; ln -s /etc/passwd /srv/fetched/whatever"),
         before=SERVES),
    Case("archive",
         f"""
         - archive: app
           path: /srv/unpacked/app
           source: app.tar
           strip: 1
           owner: daemon
           group: adm
           requires: {{directory: /srv/unpacked}}
         - directory: /srv/unpacked
         - archive: from the web
           path: /srv/unpacked/web
           url: http://127.0.0.1:8097/app.tar
           checksum: sha256:{APP_SHA}
         - download: /srv/unpacked/app.tar
           url: http://127.0.0.1:8097/app.tar
           checksum: sha256:{APP_SHA}
         - archive: from the host
           path: /srv/unpacked/host
           file: /srv/unpacked/app.tar
           creates: /srv/unpacked/host/app-1/run
         """,
         lambda w: bool(w.file("/srv/unpacked/app/conf").exists
                        and w.file("/srv/unpacked/app/conf").content_string == "a=1\n"
                        and w.file("/srv/unpacked/app/conf").user == "daemon"
                        and w.file("/srv/unpacked/web/app-1/run").exists
                        and w.file("/srv/unpacked/host/app-1/run").exists),
         """
         - archive: app
           path: /srv/unpacked/app
           state: absent
         - archive: from the web
           path: /srv/unpacked/web
           state: absent
         - archive: from the host
           path: /srv/unpacked/host
           state: absent
         - file: /srv/unpacked/app.tar
           state: absent
         - directory: /srv/unpacked
           state: absent
         """,
         ("echo a=2 > /srv/unpacked/app/conf", "rm /srv/unpacked/web/app-1/run", "rm -r /srv/unpacked/host/app-1",
          "chown root /srv/unpacked/app/run", "rm -r /srv/unpacked/app"),
         before=f"{SERVES}; echo {PACKED} | base64 -d | zcat > /srv/served/app.tar",
         contents=(("app.tar", APP),)),
)

CLONED = (
    Case("git",
         """
         - git: /srv/clone
           repo: file:///opt/repo
           revision: main
           depth: 1
           user: daemon
           update: true
           force: true
           submodules: true
           key: /etc/hostname
           known_hosts: /etc/hostname
         """,
         lambda w: bool(w.file("/srv/clone/a").exists and w.file("/srv/clone/a").content_string == "two\n"
                        and w.file("/srv/clone").user == "daemon"),
         """
         - directory: /srv/clone
           state: absent
           force: true
         """,
         ("echo mine > /srv/clone/a", "rm -r /srv/clone", "git config --system --replace-all safe.directory '*'; "
          "git -C /opt/repo -c user.name=t -c user.email=t@x commit -q --allow-empty -m three"),
         before="dpkg -s git > /dev/null 2>&1 || apt-get install -qq --no-install-recommends git; rm -rf /opt/repo; "
                "git init -q -b main /opt/repo; cd /opt/repo; for one in one two; do echo $one > a; git add a; "
                "git -c user.name=t -c user.email=t@x commit -q -m $one; done; chown -R daemon /opt/repo"),
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

CASES = (*PLACES, *CLONED, *INI, *RULES, *FETCH)
