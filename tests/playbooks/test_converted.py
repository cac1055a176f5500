"""What a playbook leaves on a host, and what the document leaves that it is converted to: ansible-core works on one
host, Holdfast on another, and both are looked at."""
from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

import holdfast
from holdfast.cli.main import main
from tests.contract.test_undo import LOOK
from tests.lab import Lab, LabHost
from tests.lab.debs import Deb
from tests.lab.process import run
from tests.lab.repository import build_deb

pytestmark = pytest.mark.lab
NOT_COMPARED = ("path /root", "path /var", "path /etc/hostname", "content ", "name ")  # a content is compared by itself

ACCOUNTS = """
- hosts: all
  become: true
  vars: {team: crew, people: [{name: mae, uid: 4801}, {name: jo, uid: 4802}]}
  tasks:
    - group: {name: "{{ team }}", gid: 4800}
    - user: {name: "{{ item.name }}", uid: "{{ item.uid }}", group: "{{ team }}", shell: /bin/bash}
      loop: "{{ people }}"
    - lineinfile: {path: /etc/sudoers, line: "%{{ team }} ALL=(ALL) NOPASSWD: ALL", regexp: "^%{{ team }}",
                   validate: "/usr/sbin/visudo -cf %s"}
    - user: name=games state=absent
"""
FILES = """
- hosts: all
  become: yes
  vars: {site: shop, ports: {http: 80, https: 443}}
  tasks:
    - name: folders
      file: path=/srv/{{ item }} state=directory mode=0750 owner=daemon
      with_items: [site, "site/{{ site }}"]
    - copy: {content: "hello from {{ ansible_distribution_release }}\\n", dest: /srv/site/hello, mode: 0640}
      when: ansible_os_family == 'Debian'
    - copy: {content: "never\\n", dest: /srv/site/never}
      when: ansible_os_family == 'RedHat'
    - template: {src: site.conf.j2, dest: "/srv/site/{{ site }}.conf", owner: root, group: daemon, mode: "0644"}
    - file: {src: /srv/site/hello, dest: /srv/site/link, state: link}
    - lineinfile: {path: /etc/adduser.conf, regexp: "^#?DIR_MODE=", line: DIR_MODE=0750, mode: "0600", group: daemon}
    - lineinfile: {path: /etc/login.defs, regexp: "^UMASK", state: absent}
    - lineinfile: {path: /etc/environment, line: "SITE={{ site }}", insertafter: EOF}
    - block:
        - copy: {src: raw.bin, dest: /srv/site/raw.bin}
        - shell: wc -c < /srv/site/raw.bin > /srv/site/size
          args: {creates: /srv/site/size}
      when: site == 'shop'
    - file: {path: /etc/issue.net, state: absent}
"""
SERVICES = """
- hosts: all
  become: yes
  tasks:
    - copy:
        dest: /etc/systemd/system/beat.service
        mode: "0644"
        content: |
          [Service]
          ExecStart=/bin/sh -c 'echo started >> /srv/beats; exec sleep infinity'
          [Install]
          WantedBy=multi-user.target
      notify: restart beat
    - service: {name: beat, state: started, enabled: yes}
    - copy: {content: "a=1\\n", dest: /srv/beat.conf}
      notify: restart beat
    - command: touch /srv/once
      args: {creates: /srv/once}
      notify: count
    - systemd: {name: cron, state: stopped, enabled: no}
  handlers:
    - name: restart beat
      systemd: {name: beat, state: restarted, daemon_reload: yes}
    - name: count
      shell: echo counted >> /srv/counted
"""
ROLES = """
- hosts: all
  become: yes
  vars: {app_port: 8080}
  roles:
    - {role: app, app_name: shop}  # it is so for this role alone
  tasks:
    - import_role: {name: app, tasks_from: extra}
      vars: {app_name: shop}
    - name: what it needs
      apt: {name: [holdfast-hello, holdfast-svc], state: present}
    - cron: {name: nightly, minute: "5", hour: "3", job: "/usr/bin/true {{ app_port }}", user: daemon}
    - replace: {path: /etc/adduser.conf, regexp: "^#?DSHELL=.*", replace: "DSHELL=/bin/sh"}
    - file: {path: /etc/login.defs, mode: "0600"}
    - stat: path=/srv/app/ready
      register: ready
    - shell: echo {{ app_port }} > /srv/app/ready
      when: not ready.stat.exists
    - shell: echo again >> /srv/app/again
      when: ready.stat.exists == false
    - file: {path: /srv/app/theme, state: directory}
    - unarchive: {src: theme.tgz, dest: /srv/app/theme, owner: root, group: daemon, extra_opts: [--strip-components=1]}
    - file: {path: "/srv/app/{{ item.key }}", state: directory, mode: "{{ item.value }}"}
      with_dict: {logs: "0750", cache: "0700"}
    - copy: {content: "flushed", dest: /srv/app/flushed}
      notify: tell it
    - meta: flush_handlers
    - shell: cat /srv/app/told > /srv/app/heard
      args: {creates: /srv/app/heard}
    - import_role: {name: daemon}
"""
DAEMON = """
- include_vars: "{{ ansible_os_family }}.yml"
- include_vars: "{{ item }}"
  with_first_found:
    - files: ["{{ ansible_distribution }}-{{ ansible_distribution_major_version }}.yml"]
      skip: true
- set_fact: {daemon_unit: "{{ __daemon_unit }}"}
  when: daemon_unit is not defined
- set_fact: {daemon_note: "for {{ daemon_unit }}"}
  when: ansible_facts['os_family'] == 'Debian'
- copy:
    content: "{{ daemon_parts | join(' ') }} {{ daemon_note }} {{ daemon_words[ansible_os_family] }}\n"
    dest: /srv/app/daemon
    group: "{{ daemon_group }}"
  notify: again
- service: {name: "{{ daemon_unit }}", state: "{{ daemon_state }}", enabled: true}
- file: {path: /srv/app/bsd, state: touch}
  when: ansible_system == 'FreeBSD' or ansible_os_family == 'OpenBSD'
"""
OWN = {"accounts": ACCOUNTS, "files": FILES, "services": SERVICES, "roles": ROLES}
CRONTAB = "crontab -l -u daemon | grep -v '^#'"
CONTENTS = {"roles": ("/srv/app/shop.conf", "/srv/app/ready", "/srv/app/again", "/srv/app/theme/css/a.css",
                      "/srv/app/heard", "/srv/app/daemon",
                      "/etc/adduser.conf", "/etc/holdfast-svc.conf"),
            "files": ("/srv/site/hello", "/srv/site/shop.conf", "/srv/site/raw.bin", "/srv/site/size",
                      "/etc/adduser.conf", "/etc/login.defs", "/etc/environment")}
BESIDE = {"site.conf.j2": "{% for name, port in ports.items() %}\n{{ name }} {{ port }} on {{ site }}\n{% endfor %}\n",
          "raw.bin": "\x00\x01raw\n",
          "roles/base/tasks/main.yml": "- file: {path: '{{ base_folder }}', state: directory, "
                                       "group: '{{ base_group }}'}\n",
          "roles/base/defaults/main.yml": "base_folder: /srv/app\nbase_group: root\n",
          "roles/app/meta/main.yml": "dependencies: [{role: base, base_group: daemon}]\n",
          "roles/app/defaults/main.yml": "app_name: app\napp_port: 80\napp_lines: {b: 2, a: 1}\n",
          "roles/app/vars/main.yml": "app_conf: '{{ base_folder }}/{{ app_name }}.conf'\n",
          "roles/app/templates/app.conf.j2": "{{ app_lines | to_nice_yaml }}port={{ app_port }} "
                                             "{{ (app_port == 8080) | ternary('high', 'low') }}\n",
          "roles/daemon/tasks/main.yml": DAEMON,
          "roles/daemon/defaults/main.yml": "daemon_state: started\ndaemon_does: restarted\n"
                                            "daemon_words: {Debian: apt, RedHat: dnf}\n",
          "roles/daemon/vars/Debian.yml": "__daemon_unit: holdfast-svc\ndaemon_parts: [b, a]\ndaemon_group: daemon\n",
          "roles/daemon/vars/RedHat.yml": "__daemon_unit: other\ndaemon_parts: [c]\n",
          "roles/daemon/vars/Debian-12.yml": "daemon_group: games\n",
          "roles/daemon/handlers/main.yml": "- name: again\n  service: {name: '{{ daemon_unit }}', "
                                            "state: '{{ daemon_does }}'}\n",
          "roles/app/handlers/main.yml": "- name: tell it\n  shell: echo told >> /srv/app/told\n",
          "roles/app/tasks/main.yml": "- include_tasks: conf.yml\n  when: app_name | length > 0\n",
          "roles/app/tasks/conf.yml": "- template: {src: app.conf.j2, dest: '{{ app_conf }}', mode: '0640'}\n"
                                      "  notify: tell it\n",
          "roles/app/tasks/extra.yml": "- blockinfile: {path: /etc/hosts, block: '192.0.2.7 {{ app_name }}.example'}\n"
                                       "- file: {src: '{{ app_conf }}', dest: /srv/app/conf, state: link}\n"}

# A playbook that others have published. Doubles: packages of its names that hold one file each, and the two modules of
# collections that ansible-core does not have; the document's own types are the real ones.
PUBLISHED = Path(__file__).parents[3] / "shared" / "ansible-playbooks" / "08"
DOUBLES = tuple(Deb(name, "99", "a double", files={f"/usr/share/doubles/{name}": "a double\n"})
                for name in ("aptitude", "curl", "git", "ufw", "vim"))
MODULES = {
    "ufw": "AnsibleModule({w: {} for w in ('rule', 'name', 'state', 'policy', 'direction')}).exit_json()",
    "authorized_key": """\
module = AnsibleModule({'user': {}, 'key': {'no_log': False}, 'state': {}})
user = pwd.getpwnam(module.params['user'])
folder = os.path.join(user.pw_dir, '.ssh')
os.mkdir(folder, 0o700)
with open(os.path.join(folder, 'authorized_keys'), 'w') as out:
    out.write(module.params['key'].strip() + '\\n')
os.chmod(out.name, 0o600)
for path in (folder, out.name):
    os.chown(path, user.pw_uid, user.pw_gid)
module.exit_json(changed=True)
"""}


class Desk:
    """Two hosts that are alike, one for each tool."""

    def __init__(self, folder: Path, lab: Lab, hosts: dict[str, LabHost]) -> None:
        self.folder, self.lab = folder, lab
        self.theirs, self.ours = hosts["h1"], hosts["h2"]

    def play(self, path: Path) -> None:
        """Has ansible-core carry it out on the one."""
        inventory = self.folder / "theirs.yml"
        login = {"ansible_user": "root", "ansible_host": self.theirs.address, "ansible_python_interpreter":
                 "/usr/bin/python3", "ansible_ssh_private_key_file": str(self.lab.key),
                 "ansible_ssh_common_args": f"-o UserKnownHostsFile={self.lab.known_hosts}"}
        inventory.write_text(yaml.safe_dump({"all": {"hosts": {"h1": login}}}))
        with tempfile.TemporaryDirectory() as sockets:  # a socket's path may not be as long as a test's folder
            around = {**os.environ, "ANSIBLE_HOME": str(self.folder / "ansible"), "HOME": str(self.folder),
                      "ANSIBLE_PIPELINING": "1", "ANSIBLE_SSH_CONTROL_PATH_DIR": sockets,
                      "ANSIBLE_SSH_ARGS": "-o ControlMaster=auto -o ControlPersist=5s"}
            done = subprocess.run([Path(sys.executable).parent / "ansible-playbook", "-i", inventory, path],
                                  check=False, capture_output=True, text=True, cwd=path.parent, env=around)
        assert done.returncode == 0, done.stdout + done.stderr

    def convert(self, path: Path) -> None:
        """Converts it and applies the document to the other, twice."""
        (self.folder / "inventory.yml").write_text(self.lab.inventory())
        where = ["-C", str(self.folder), "-i", str(self.folder / "inventory.yml")]
        assert main([*where, "convert", str(path), "--to", str(self.folder / "playbooks")], sys.stdout, sys.stderr) == 0
        with holdfast.load(self.folder, inventory=[self.folder / "inventory.yml"]) as project:
            for expected in ("changed", "ok"):
                done, = project.run("apply", targets="h2").results
                assert done.status == expected, [(one.id, one.event.status, one.event.message) for one in done.results]


@pytest.fixture
def desk(tmp_path: Path, lab: Lab, clean_hosts: dict[str, LabHost], monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("HOME", str(tmp_path))
    return Desk(tmp_path, lab, clean_hosts)


def look(host: LabHost) -> frozenset[str]:
    """What it is, as far as the two tools are to leave the same."""
    lines = host.witness().check_output(LOOK).splitlines()
    return frozenset(line for line in lines if not line.startswith(NOT_COMPARED))


def compared(desk: Desk, path: Path) -> None:
    """Both hosts are alike before and after."""
    before = look(desk.theirs)
    assert before == look(desk.ours), "the control: they are alike"
    with ThreadPoolExecutor(1) as beside:  # each has a host of its own
        played = beside.submit(desk.play, path)
        desk.convert(path)
        played.result()
    after = look(desk.theirs)
    assert after != before, "the control: the playbook changes something that is seen"
    assert sorted(after ^ look(desk.ours)) == []


@pytest.mark.parametrize("name", OWN)
def test_the_document_leaves_what_the_playbook_leaves(name: str, desk: Desk) -> None:
    for file, content in BESIDE.items():
        (desk.folder / file).parent.mkdir(parents=True, exist_ok=True)
        (desk.folder / file).write_text(content)
    with tarfile.open(desk.folder / "theme.tgz", "w:gz") as archive:
        for file, content in {"theme-1.0/css/a.css": b"a {}\n", "theme-1.0/index": b"of it\n"}.items():
            member = tarfile.TarInfo(file)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    path = desk.folder / f"{name}.yml"
    path.write_text(OWN[name])
    compared(desk, path)
    for file in CONTENTS.get(name, ()):
        assert desk.ours.witness().file(file).content == desk.theirs.witness().file(file).content, file
    if name == "roles":
        assert desk.ours.witness().check_output(CRONTAB) == desk.theirs.witness().check_output(CRONTAB) != ""


def offered(host: LabHost, folder: Path) -> None:
    """Gives a host a repository of doubles."""
    shutil.copytree(folder, host.rootfs / "opt/doubles")
    (host.rootfs / "etc/apt/sources.list.d/doubles.list").write_text("deb [trusted=yes] file:/opt/doubles ./\n")
    host.run("apt-get update")


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason=f"there is no published playbook in {PUBLISHED}")
def test_a_published_playbook_leaves_the_same(desk: Desk) -> None:
    folder = desk.folder / "initial"
    shutil.copytree(PUBLISHED, folder)
    for name, body in MODULES.items():
        (folder / "library").mkdir(exist_ok=True)
        (folder / "library" / f"{name}.py").write_text(
            f"import os, pwd\nfrom ansible.module_utils.basic import AnsibleModule\n{body}\n")
    (desk.folder / ".ssh").mkdir()
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(desk.folder / ".ssh/id_rsa"))
    debs = desk.folder / "doubles"
    debs.mkdir()
    for deb in DOUBLES:
        build_deb(deb, debs)
    (debs / "Packages").write_text(run("apt-ftparchive", "packages", ".", cwd=debs).stdout)
    for host in (desk.theirs, desk.ours):
        offered(host, debs)
    compared(desk, folder / "playbook.yml")
    witness = desk.ours.witness()
    assert witness.package("ufw").version == "99" and witness.user("sammy").shell == "/bin/bash"
    for file in ("/etc/sudoers", "/etc/ssh/sshd_config", "/home/sammy/.ssh/authorized_keys"):
        assert witness.file(file).content == desk.theirs.witness().file(file).content, file
