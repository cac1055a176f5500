"""Modules of Ansible as resources on a real host: what their check mode says is what a plan says, and what is done."""
from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

import holdfast
from holdfast.executor.model import HostResult
from tests.contract.case import Case
from tests.contract.cases.fetched import SERVES
from tests.contract.test_contract import Desk, applied_as_planned, shown, statuses
from tests.lab import Lab, LabHost

pytestmark = pytest.mark.lab
KEY = "git.example.org ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGXYjfNsXmYOs1GxAFXQ8VTr7s3xMhyvTjWJ6TpqmYQm"
SECRET = "correct-horse-battery"

CHANGING = f"""
- ansible_module: group
  module: group
  arguments: {{name: modular, gid: 4710}}
- ansible_module: user
  module: ansible.builtin.user
  arguments: {{name: modular, uid: 4710, group: modular, shell: /bin/sh}}
- ansible_module: file
  module: file
  arguments: {{path: /srv/mods, state: directory, owner: modular, mode: "0750"}}
- ansible_module: lineinfile
  module: lineinfile
  arguments: {{path: /srv/mods/conf, regexp: ^a=, line: a=1, create: true}}
- ansible_module: blockinfile
  module: blockinfile
  arguments: {{path: /srv/mods/conf, block: "b=2\\nc=3"}}
- ansible_module: replace
  module: replace
  arguments: {{path: /srv/mods/conf, regexp: ^b=.*, replace: b=4}}
- ansible_module: cron
  module: cron
  arguments: {{name: modular, job: /bin/true, minute: "5", user: root}}
- ansible_module: command
  module: command
  arguments: {{cmd: touch /srv/mods/touched, creates: /srv/mods/touched}}
- ansible_module: systemd_service
  module: systemd_service
  arguments: {{name: cron, state: started, enabled: true}}
- ansible_module: known_hosts
  module: known_hosts
  arguments: {{name: git.example.org, key: "{KEY}", path: /srv/mods/known_hosts}}
- ansible_module: dpkg_selections
  module: dpkg_selections
  arguments: {{name: tar, selection: hold}}
- ansible_module: get_url
  module: get_url
  arguments: {{url: "http://127.0.0.1:8097/f", dest: /srv/mods/fetched, mode: "0640"}}
- ansible_module: unarchive
  module: unarchive
  arguments: {{src: /srv/served/some.tar, dest: /srv/mods, remote_src: true}}
- ansible_module: assemble
  module: assemble
  arguments: {{src: /srv/parts, dest: /srv/mods/whole, remote_src: true}}
- ansible_module: debconf
  module: debconf
  arguments: {{name: tzdata, question: tzdata/Areas, value: Europe, vtype: select}}
- ansible_module: hostname
  module: hostname
  arguments: {{name: h1, use: systemd}}
- ansible_module: apt
  module: apt
  arguments: {{name: [tar, coreutils], state: present}}
"""
LOOKING = """
- ansible_module: stat
  module: stat
  arguments: {path: /etc/hostname}
  register: hostname_file
- ansible_module: find
  module: find
  arguments: {paths: /etc, patterns: host*}
- ansible_module: getent
  module: getent
  arguments: {database: passwd, key: root}
- ansible_module: slurp
  module: slurp
  arguments: {src: /etc/hostname}
- ansible_module: service_facts
  module: service_facts
- ansible_module: uri
  module: uri
  arguments: {url: "http://127.0.0.1:8097/f", return_content: true}
  read_only: true
- ansible_module: wait_for
  module: wait_for
  arguments: {port: 8097, timeout: 5}
  read_only: true
"""


@pytest.fixture
def desk(tmp_path: Path, lab: Lab, host: LabHost) -> Desk:
    return Desk(tmp_path, lab, host)


def declare(desk: Desk, resources: str) -> None:
    desk.declare(Case("", resources, lambda _: True), resources)


def by_name(result: HostResult) -> dict[str, str]:
    return {one.id.partition(": ")[2]: one.event.status for one in result.results}


def test_modules_do_what_their_check_mode_said(desk: Desk) -> None:
    desk.host.run(SERVES)
    desk.host.run("userdel modular 2> /dev/null; groupdel modular 2> /dev/null; rm -rf /srv/mods /srv/parts; "
                  "mkdir /srv/parts; echo one > /srv/parts/1; echo two > /srv/parts/2; "
                  "tar -C /srv -cf /srv/served/some.tar parts; echo tar install | dpkg --set-selections; "
                  "crontab -r 2> /dev/null; true")
    declare(desk, CHANGING + LOOKING)
    done = by_name(applied_as_planned(desk))
    assert {name for name, status in done.items() if status == "ok"} >= {
        "systemd_service", "hostname", "apt", "stat", "find", "getent", "slurp", "service_facts", "uri", "wait_for"}
    assert set(done.values()) == {"ok", "changed"}
    witness = desk.host.witness()
    assert witness.user("modular").uid == 4710
    assert witness.file("/srv/mods").mode == 0o750
    conf = witness.file("/srv/mods/conf").content_string
    assert "a=1\n" in conf
    assert "b=4\n" in conf
    assert witness.file("/srv/mods/fetched").content == b"fetched\n"
    assert witness.file("/srv/mods/parts/2").exists
    assert witness.file("/srv/mods/whole").content_string == "one\ntwo\n"
    assert "git.example.org" in witness.file("/srv/mods/known_hosts").content_string
    assert "tar\t" in witness.check_output("dpkg --get-selections tar").replace(" ", "\t")
    again = by_name(desk.run("apply"))
    # the first two undo one another; the third has no check mode for tar, so it is carried out each time
    assert {name for name, status in again.items() if status != "ok"} == {"blockinfile", "replace", "unarchive"}


def test_a_plan_that_was_shown_is_held(desk: Desk) -> None:
    desk.host.run("rm -f /srv/held")
    declare(desk, "- ansible_module: a\n  module: lineinfile\n"
                  "  arguments: {path: /srv/held, line: a=1, create: true}\n")
    with holdfast.load(desk.folder, inventory=[desk.folder / "inventory.yml"]) as project:
        plan = project.plan()
        desk.host.run("echo c=3 > /srv/held")
        done, = plan.apply().results
    assert done.status == "refused"
    assert desk.host.witness().file("/srv/held").content_string == "c=3\n"


def test_what_check_mode_cannot_tell_is_not_known_and_secrets_stay_secret(desk: Desk, monkeypatch: pytest.MonkeyPatch) \
        -> None:
    plugins = desk.folder / "collections" / "ansible_collections" / "lab" / "own" / "plugins"
    (plugins / "modules").mkdir(parents=True)
    (plugins / "module_utils").mkdir()
    (plugins / "module_utils" / "words.py").write_text("def greeting(name):\n    return 'hello ' + name\n")
    (plugins / "modules" / "greet.py").write_text(
        "from ansible.module_utils.basic import AnsibleModule\n"
        "from ..module_utils.words import greeting\n"
        "module = AnsibleModule(dict(name=dict(), token=dict(no_log=True)))\n"
        "open('/srv/greeted-by-module', 'a').write(module.params['token'])\n"
        "module.exit_json(changed=True, msg=greeting(module.params['name']), told=module.params['token'])\n")
    monkeypatch.setenv("GREETING_TOKEN", SECRET)
    desk.host.run("rm -f /srv/greeted-by-module")
    declare(desk, """
    - ansible_module: greet
      module: lab.own.greet
      arguments: {name: "{{ inventory_hostname }}", token: {secret: token, env: GREETING_TOKEN}}
    - ansible_module: count
      module: command
      arguments: {cmd: "true"}
      always: true
    """)
    planned = desk.run("plan")
    assert [one.event.status for one in planned.results] == ["unknown", "pending"]
    assert planned.results[0].event.message == "the module has no check mode: what it would do is not known"
    assert not desk.host.witness().file("/srv/greeted-by-module").exists
    done = desk.run("apply")
    assert statuses(done) == {"changed"}
    assert desk.host.witness().file("/srv/greeted-by-module").content_string == SECRET
    assert shown(planned.results[1].event) == shown(done.results[1].event)
    assert SECRET not in repr([planned, done])
    with sqlite3.connect(desk.folder / ".holdfast" / "holdfast.db") as store:
        assert SECRET not in "\n".join(store.iterdump())


def test_what_fails_in_the_module_is_told_with_its_words(desk: Desk) -> None:
    declare(desk, "- ansible_module: a\n  module: lineinfile\n  arguments: {path: /srv/no/where, line: a}\n")
    result = desk.run("apply")
    assert result.status == "failed"
    assert "/srv/no" in result.results[0].event.message
