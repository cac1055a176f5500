"""Values in files of many kinds, rules, and what is fetched from elsewhere."""
from __future__ import annotations

import base64
import gzip
import hashlib
import io
import tarfile
import zipfile

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
           version: "1.0"
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

CA = """\
-----BEGIN CERTIFICATE-----
MIIBjTCCATWgAwIBAgIUKzCL0thRajx0xA0wiys/CsONJxYwCgYIKoZIzj0EAwIw
HDEaMBgGA1UEAwwRSG9sZGZhc3QgY29udHJhY3QwIBcNMjYxMTI0MjM0MjM4WhgP
MjEyNjEwMzEyMzQyMzhaMBwxGjAYBgNVBAMMEUhvbGRmYXN0IGNvbnRyYWN0MFkw
EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAENpB4JZ7VvNd3dY5ElNQE42dLj7P3Xwsc
dWu6lt6MvEWEVtwD2iAGAGN4xWvEY7pt3ufH36y51YGUYcpv9eV4rKNTMFEwHQYD
VR0OBBYEFN4Iic3PkIx7al8gtI+3Zv0iHcRyMB8GA1UdIwQYMBaAFN4Iic3PkIx7
al8gtI+3Zv0iHcRyMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRgAwQwIf
AkJXqeagm+LODio6ceXnDFKqvvFaqz7kT+AuBkUc7gIgMOg19cl3XJ1M/SPylnq8
iQYCYkHkfwXbK61aiUnVX50=
-----END CERTIFICATE-----
"""
"""Of nobody: its key was thrown away."""

SYSTEM = (
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
    Case("ca_certificate",
         """
         - ca_certificate: contract
           source: ca.pem
         """,
         lambda w: bool(w.file("/etc/ssl/certs/contract.pem").exists
                        and CA.split("\n")[1] in w.file("/etc/ssl/certs/ca-certificates.crt").content_string),
         """
         - ca_certificate: contract
           state: absent
         """,
         ("echo > /usr/local/share/ca-certificates/contract.crt", "rm /etc/ssl/certs/ca-certificates.crt"),
         contents=(("ca.pem", CA),)),
    Case("ca_certificate in the document",
         "- ca_certificate: written\n  content: |\n" + "".join(f"    {line}\n" for line in CA.splitlines()),
         lambda w: bool(w.file("/etc/ssl/certs/written.pem").exists),
         "- ca_certificate: written\n  state: absent"),
)

MADE = (
    Case("certificate",
         """
         - directory: /srv/tls
         - certificate: /srv/tls/ca.pem
           key: /srv/tls/ca.key
           common_name: Contract authority
           authority: true
           days: 3650
           key_type: ed25519
         - certificate: /srv/tls/app.pem
           key: /srv/tls/app.key
           common_name: app.example.org
           names: [app.example.org, "*.app.example.org", 10.0.0.5, "fd00::5"]
           issuer: /srv/tls/ca.pem
           issuer_key: /srv/tls/ca.key
           renew_days: 10
           owner: daemon
           key_group: adm
           key_mode: "0640"
         - certificate: /srv/tls/app.csr
           key: /srv/tls/asked.key
           common_name: app.example.org
           request: true
         """,
         lambda w: bool(w.run("openssl verify -CAfile /srv/tls/ca.pem -verify_hostname x.app.example.org "
                              "/srv/tls/app.pem").succeeded
                        and w.file("/srv/tls/app.key").mode == 0o640 and w.file("/srv/tls/app.key").group == "adm"
                        and "app.example.org" in w.check_output("openssl req -in /srv/tls/app.csr -noout -subject")),
         """
         - directory: /srv/tls
           state: absent
           force: true
         """,
         ("rm /srv/tls/app.key", "openssl req -x509 -key /srv/tls/app.key -subj /CN=app.example.org -days 9 "
          "-out /srv/tls/app.pem 2> /dev/null", "chmod 600 /srv/tls/app.key", "rm /srv/tls/ca.key")),
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



def _wheel(version: str) -> bytes:
    out, info = io.BytesIO(), f"contract_lib-{version}.dist-info"
    with zipfile.ZipFile(out, "w") as whole:
        whole.writestr("contract_lib.py", f"version = {version!r}\n")
        whole.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: contract_lib\nVersion: {version}\n")
        whole.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        whole.writestr(f"{info}/RECORD", "")
    return out.getvalue()


WHEELS = {f"contract_lib-{version}-py3-none-any.whl": _wheel(version) for version in ("1.0", "2.0")}
LIBRARIES = (
    Case("pip",
         "- directory: /srv/py\n  mode: '0777'\n- directory: /srv/py/links\n" + "".join(
             f"- file: /srv/py/links/{name}\n  source: {name}\n" for name in WHEELS) + """
- package: python3-venv
- file: /srv/py/requirements.txt
  content: |
    contract-lib
- pip: libraries
  virtualenv: /srv/py/venv
  packages: [contract-lib==1.0]
  find_links: /srv/py/links
  user: daemon
  python: python3
  requirements: /srv/py/requirements.txt
""",
         lambda w: bool(w.run("/srv/py/venv/bin/python -Bc 'import contract_lib as c; print(c.version)'").stdout ==
                        "1.0\n" and w.file("/srv/py/venv").user == "daemon"),
         """
         - directory: /srv/py
           state: absent
           force: true
         """,
         ("runuser -u daemon -- /srv/py/venv/bin/pip uninstall -qy contract-lib",
          "runuser -u daemon -- /srv/py/venv/bin/pip install -q --no-index -f /srv/py/links contract-lib==2.0"),
         before="apt-get install -qq python3-venv", contents=tuple(WHEELS.items())),
    Case("pip: newest, gone",
         """
         - pip: newest
           virtualenv: /srv/py2
           packages: [contract-lib]
           state: latest
           find_links: /opt/links
         """,
         lambda w: w.run("/srv/py2/bin/python -c 'import contract_lib as c; print(c.version)'").stdout == "2.0\n",
         """
         - pip: newest
           virtualenv: /srv/py2
           packages: [contract-lib]
           state: absent
         """,
         ("/srv/py2/bin/pip install -q --no-index -f /opt/links contract-lib==1.0",),
         before="mkdir -p /opt/links; cd /opt/links; apt-get install -qq python3-venv; " + "; ".join(
             f"echo {base64.b64encode(data).decode()} | base64 -d > {name}" for name, data in WHEELS.items())),
)

CASES = (*LIBRARIES, *CHOICES, *MADE, *SYSTEM, *PLACES, *CLONED, *INI, *RULES, *FETCH)
