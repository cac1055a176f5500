"""What is fetched: files, archives, clones and libraries."""
from __future__ import annotations

import base64
import gzip
import hashlib
import io
import tarfile
import zipfile

from tests.contract.case import Case


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
         - git: /srv/clone
           repo: file:///opt/repo
           user: daemon
           state: absent
         """,
         ("echo mine > /srv/clone/a", "rm -r /srv/clone", "git config --system --replace-all safe.directory '*'; "
          "git -C /opt/repo -c user.name=t -c user.email=t@x commit -q --allow-empty -m three"),
         before="dpkg -s git > /dev/null 2>&1 || apt-get install -qq --no-install-recommends git; rm -rf /opt/repo; "
                "git init -q -b main /opt/repo; cd /opt/repo; for one in one two; do echo $one > a; git add a; "
                "git -c user.name=t -c user.email=t@x commit -q -m $one; done; chown -R daemon /opt/repo"),
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

CASES = (*LIBRARIES, *CLONED, *FETCH)
