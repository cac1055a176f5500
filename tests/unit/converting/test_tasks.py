"""What single tasks become, and what is said of those that have no like."""
from __future__ import annotations

import pytest

from tests.unit.converting.making import converted, flat, one, resources

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGXYjfNsXmYOs1GxAFXQ8VTr7s3xMhyvTjWJ6TpqmYQm"
BECOMES = [  # a task, and the resource it becomes
    ("- apt: name=nginx state=present update_cache=yes cache_valid_time=3600", "{package: nginx, refresh_s: 3600}"),
    ("- ansible.builtin.apt: {name: [curl, vim], state: latest}", "{package: [curl, vim], state: latest}"),
    ("- apt: {name: nginx, update_cache: yes, state: latest}", "{package: nginx, state: latest, refresh_s: 3600}"),
    ("- apt: {name: nginx, update_cache: yes}", "{package: nginx, refresh_s: 0}"),
    ("- zypper: {name: [web, db], state: latest}",
     "{package: [web, db], state: latest, provider: zypper, recommends: false}"),
    ("- zypper: {name: web, state: absent}", "{package: web, state: absent, provider: zypper}"),
    ("- community.general.apk: {name: web}", "{package: web, provider: apk}"),
    ("- command: x {{ item }}\n  with_community.general.flattened: [[a], b]",
     "{command: 'x {{ item }}', always: true, loop: [a, b]}"),
    ("- lineinfile: {path: /a, regexp: '(a)', line: '\\\\1b', backrefs: yes}",
     "{ansible_module: lineinfile, module: lineinfile, "
     "arguments: {path: /a, regexp: '(a)', line: '\\\\1b', backrefs: true}}"),
    ("- apt: {name: web, default_release: '{{ release }}'}\n  when: wanted",
     "{ansible_module: apt, module: apt, arguments: {name: web, default_release: '{{ release }}'}, when: wanted}"),
    ("- user: {name: ada, state: '{{ how }}'}\n  register: made",
     "{ansible_module: user, module: user, arguments: {name: ada, state: '{{ how }}'}}"),
    ("- apt: {name: '{{ packages }}'}",
     "{package: '{{ item }}', loop: \"{{ packages.split(',') if packages is string else packages }}\"}"),
    ("- apt: {name: '{{ packages | list }}'}", "{package: '{{ item }}', loop: '{{ packages | list }}'}"),
    ("- yum: name=httpd,mod_ssl state=latest", "{package: [httpd, mod_ssl], state: latest, provider: dnf}"),
    ("- ansible.builtin.dnf: {name: '{{ item }}'}\n  loop: [a1, b1]",
     "{package: '{{ item }}', provider: dnf, loop: [a1, b1]}"),
    ("- apt: {name: 'nginx=1.22.*'}", "{package: nginx, version: 1.22.*}"),
    ("- apt: {name: nano, state: absent, purge: true}", "{package: nano, state: purged}"),
    ("- apt: {name: '{{ item }}'}\n  with_items: [a1, b1]", "{package: '{{ item }}', loop: [a1, b1]}"),
    ("- copy: {content: hi, dest: /etc/motd, mode: 0644, force: no}",
     "{file: /etc/motd, content: hi, mode: '0644', replace: false}"),
    ("- file: path=/srv/x/ state=directory owner=www-data mode=0750 recurse=yes",
     "{directory: /srv/x, owner: www-data, mode: '0750', recurse: true, file_mode: '0750'}"),
    ("- file: {src: /srv/a, dest: /srv/b, state: link}", "{link: /srv/b, to: /srv/a}"),
    ("- file: {path: /etc/old, state: absent}", "{file: /etc/old, state: absent}"),
    ("- name: No root\n  lineinfile: {path: /etc/x, regexp: '^a', line: b}",
     "{line: No root, path: /etc/x, match: '(?:^a)|^b$', text: b}"),
    ("- name: No root\n  lineinfile: {dest: /etc/x, regexp: '^a=', state: absent}",
     "{line: No root, path: /etc/x, match: '^a=', state: absent}"),
    ("- name: Hosts\n  blockinfile: {path: /etc/hosts, block: 10.0.0.1 a, insertafter: EOF}",
     "{block: Hosts, path: /etc/hosts, content: 10.0.0.1 a}"),
    ("- name: Ports\n  community.general.ini_file: {path: /etc/a.ini, section: s, option: o, value: 1}",
     "{ini: Ports, path: /etc/a.ini, section: s, option: o, value: '1', create: true}"),
    ("- user: {name: ada, groups: 'a,b', shell: /bin/bash}",
     "{user: ada, groups: [a, b], shell: /bin/bash, append: false, create_home: true}"),
    ("- user: {name: ada, state: absent, remove: yes}", "{user: ada, state: absent, remove_home: true}"),
    ("- group: {name: ops, gid: '2000'}", "{group: ops, gid: 2000}"),
    ("- cron: {name: b, job: /bin/true, hour: 2, minute: '0'}",
     "{cron: b, command: /bin/true, schedule: 0 2 * * *}"),
    ("- cron: {name: b, job: /bin/true, special_time: annually}", "{cron: b, command: /bin/true, schedule: '@yearly'}"),
    ("- systemd: {name: nginx, state: started, enabled: yes}", "{service: nginx, running: true, enabled: true}"),
    ("- lineinfile: {path: /etc/x, line: b, insertafter: ^a}\n  name: b",
     "{line: b, path: /etc/x, text: b, after: ^a}"),
    ("- pip: {name: '{{ item }}', virtualenv: /srv/v}\n  name: p\n  loop: [a, 'b,c']",
     "{pip: 'p {{ index + 1 }}', packages: \"{{ item.split(',') if item is string else item }}\", virtualenv: /srv/v, "
     "loop: [a, 'b,c']}"),
    ("- user: {name: ada, groups: '{{ a | sort }}'}",
     "{user: ada, groups: \"{{ (a | sort).split(',') if (a | sort) is string else (a | sort) }}\", append: false, "
     "create_home: true}"),
    ("- mount: {path: /m, src: tmpfs, fstype: tmpfs, opts: 'ro,size={{ size }}', state: mounted}",
     "{mount: /m, source: tmpfs, kind: tmpfs, options: [ro, 'size={{ size }}'], state: mounted}"),
    ("- fail: {msg: 'no {{ item }}'}\n  name: Names\n  when: item == ''\n  loop: [a, b]",
     "{assert: 'Names {{ index + 1 }}', that: \"{{ not ((item == '')) }}\", mend: 'no {{ item }}', loop: [a, b]}"),
    ("- command: x\n  when:\n  - not ansible_check_mode\n  - ansible_system == 'Linux'\n  - ansible_version.major > 1",
     "{command: x, always: true}"),
    ("- file: {src: /b, dest: /a, state: link, owner: web, mode: '0600', follow: false}",
     "{link: /a, to: /b, owner: web}"),
    ("- command: x\n  when: \"{'a': 'b'}[c] | default('d')\"", "{command: x, always: true, "
     "when: \"({'a': 'b'}[c] | default('d')) is truthy\"}"),
    ("- service: {name: web, state: '{{ web_state }}', enabled: true}",
     "{service: web, enabled: true, "
     "running: \"{{ {'started': true, 'running': true, 'stopped': false}[web_state] }}\"}"),
    ("- service: {name: web, state: '{{ web_state | default(omit) }}', enabled: true}",
     "{service: web, enabled: true, "
     "running: \"{{ {'started': true, 'running': true, 'stopped': false}[web_state]"
     " if web_state is defined else omit }}\"}"),
    ("- command: x\n  when: ansible_os_family | lower != 'debian' and ansible_distribution in ['FreeBSD', 'Rocky']",
     "{command: x, always: true, when: \"facts.os.family != 'debian' and facts.os.name in ['freebsd', 'rocky']\"}"),
    ("- command: x\n  when: ansible_os_family == 'Rocky' or ansible_distribution_version.split('.')[0] == '9'",
     "{command: x, always: true, "
     "when: \"facts.os.family == 'rocky' or (facts.os.version | split('.') | first) == '9'\"}"),
    ("- copy: {content: '{{ ansible_processor_vcpus | default(ansible_processor_count) }}.', dest: /etc/a}",
     "{file: /etc/a, content: '{{ facts.cpus }}.'}"),
    ("- copy: {content: hi, dest: /etc/a, mode: '02750', directory_mode: '0755'}",
     "{file: /etc/a, content: hi, mode: '2750'}"),
    ("- file: {path: '/srv/{{ item }}', state: directory}\n  with_flattened: [[a, [b]], '{{ groups.web }}']",
     "{directory: '/srv/{{ item }}', loop: \"{{ ['a', 'b', (groups.web)] | flatten }}\"}"),
    ("- file: {path: '/srv/{{ item }}', state: directory}\n  with_flattened: [[a, [b, [c]]]]",
     "{directory: '/srv/{{ item }}', loop: [a, b, c]}"),
    ("- sysctl: {name: vm.swappiness, value: 10, sysctl_file: /etc/sysctl.d/9.conf}",
     "{sysctl: vm.swappiness, value: '10', path: /etc/sysctl.d/9.conf}"),
    ("- command: a2ensite x creates=/etc/x", "{command: a2ensite x, creates: /etc/x}"),
    ("- command: mkdir sub\n  args: {chdir: /srv, creates: sub}", "{command: mkdir sub, cwd: /srv, creates: /srv/sub}"),
    ("- shell: echo hi > /tmp/x", "{command: echo hi > /tmp/x, shell: true, always: true}"),
    ("- shell: {cmd: 'set -o pipefail; a | b', executable: /bin/bash}",
     "{command: set -o pipefail; a | b, argv: [/bin/bash, -c, set -o pipefail; a | b], always: true}"),
    ("- command: pg_restore x\n  become_user: postgres", "{command: pg_restore x, user: postgres, always: true}"),
    ("- command: run\n  environment: {A: 1}", "{command: run, always: true, env: {A: '1'}}"),
    ("- command: run\n  register: r\n  failed_when: r.rc not in [0, 2]",
     "{command: run, success: ['0', '2'], always: true}"),
    ("- copy: {content: '{{ ansible_hostname }}', dest: /etc/n}\n  when: ansible_os_family == 'Debian'",
     "{file: /etc/n, content: \"{{ (facts.hostname | split('.') | first) }}\", when: facts.os.family == 'debian'}"),
    ("- service: name=x state=stopped\n  when:\n    - ansible_facts['distribution'] in ['Debian', \"Ubuntu\"]\n"
     "    - ansible_distribution | lower == 'debian'",
     "{service: x, running: false, when: [\"facts.os.name in ['debian', 'ubuntu']\", \"facts.os.name == 'debian'\"]}"),
    ("- file: {path: '/srv/{{ part }}', state: directory}\n  loop: [a, b]\n  loop_control: {loop_var: part}",
     "{directory: '/srv/{{ item }}', loop: [a, b]}"),
    ("- user: {name: '{{ item.key }}', uid: '{{ item.value }}'}\n  with_dict: {ada: 2001}",
     "{user: '{{ item.key }}', uid: '{{ item.value }}', create_home: true, loop: [{key: ada, value: 2001}]}"),
    ("- file: {path: '/srv/{{ item }}', state: directory}\n  with_sequence: start=1 end=3 format=n%02d",
     "{directory: '/srv/{{ item }}', loop: [n01, n02, n03]}"),
    ("- copy: {content: \"[Service]\\nExecStart=/bin/true\\n\", dest: /etc/systemd/system/a.service, mode: '0644'}",
     "{systemd_unit: a.service, content: \"[Service]\\nExecStart=/bin/true\\n\"}"),
    (f"- get_url: {{url: 'http://a/b.sh', dest: /opt/, checksum: 'sha256:{'0' * 64}', mode: '0755'}}",
     f"{{download: /opt/b.sh, url: 'http://a/b.sh', checksum: 'sha256:{'0' * 64}', mode: '0755'}}"),
    ("- get_url: {url: 'http://a/b', dest: /etc/b}", "{download: /etc/b, url: 'http://a/b', unverified: true}"),
    ("- git: {repo: 'https://a/b.git', dest: /srv/b, version: v1}\n  become_user: ada",
     "{git: /srv/b, repo: 'https://a/b.git', revision: v1, submodules: true, user: ada}"),
    ("- git: {repo: 'git@a.example:b', dest: /b, accept_hostkey: yes}",
     "{git: /b, repo: 'git@a.example:b', submodules: true}"),
    ("- ansible.posix.mount: {path: /mnt/x, src: tmpfs, fstype: tmpfs, opts: 'size=1m,ro', state: mounted}",
     "{mount: /mnt/x, source: tmpfs, kind: tmpfs, options: [size=1m, ro], state: mounted}"),
    ("- name: Files\n  pam_limits: {domain: '*', limit_type: '-', limit_item: nofile, value: 65536}",
     "{limits: Files, domain: '*', item: nofile, soft: '65536', hard: '65536'}"),
    ("- file: {path: /etc/x, owner: root}",
     "{ansible_module: file, module: file, arguments: {path: /etc/x, owner: root}}"),
    ("- name: Ports\n  replace: {path: /etc/a, regexp: '^b', replace: c}",
     "{ansible_module: Ports, module: replace, arguments: {path: /etc/a, regexp: '^b', replace: c}}"),
    ("- unarchive: {src: '/srv/a.tgz', dest: /srv/b, remote_src: yes, owner: app, group: app, "
     "extra_opts: [--strip-components=1]}",
     "{archive: unarchive, path: /srv/b, file: /srv/a.tgz, owner: app, group: app, strip: 1}"),
    ("- pip: {name: flask, version: '3.0', virtualenv: /srv/v, virtualenv_command: python3.11 -m venv}\n"
     "  become_user: app", "{pip: pip, packages: [flask==3.0], virtualenv: /srv/v, python: python3.11, user: app}"),
    ("- apt_repository: {repo: 'deb [arch=amd64 signed-by=/usr/share/keyrings/a.gpg] https://a.example/x "
     "bookworm main', filename: a}", "{package_repository: a, uris: [https://a.example/x], suites: [bookworm], "
     "components: [main], keyring: /usr/share/keyrings/a.gpg, architectures: [amd64]}"),
    ("- deb822_repository: {name: a, uris: 'https://a.example/x', suites: s, components: main, "
     "signed_by: /usr/share/keyrings/a.gpg}", "{package_repository: a, uris: [https://a.example/x], suites: [s], "
     "components: [main], keyring: /usr/share/keyrings/a.gpg}"),
    ("- community.postgresql.postgresql_db: {name: shop, owner: ada, encoding: UTF8, lc_collate: C.UTF-8}\n"
     "  become_user: postgres", "{postgresql_database: shop, owner: ada, encoding: UTF8, locale: C.UTF-8}"),
    ("- postgresql_user: {name: ada, password: '{{ lookup(\"env\", \"PW\") }}', "
     "role_attr_flags: 'CREATEDB,NOSUPERUSER'}",
     "{postgresql_role: ada, password: '{{ lookup(\"env\", \"PW\") }}', createdb: true, superuser: false}"),
    ("- ansible.posix.acl: {path: /srv, entity: ada, etype: user, permissions: rx, state: present}",
     "{acl: /srv, entries: ['u:ada:rx']}"),
    ("- community.general.alternatives: {name: editor, path: /usr/bin/vim}",
     "{alternatives: editor, path: /usr/bin/vim}"),
    ("- modprobe: {name: br_netfilter, state: present, persistent: present}", "{kernel_module: br_netfilter}"),
    ("- locale_gen: {name: de_DE.UTF-8}", "{locale: de_DE.UTF-8}"),
    ("- community.general.sudoers: {name: d, user: ada, commands: /usr/bin/id}",
     "{sudoers: d, users: [ada], commands: [/usr/bin/id], password: false}"),
    ("- command: x\n  delegate_to: '{{ inventory_hostname }}'", "{command: x, always: true}"),
    ("- file: {path: ~/.x, state: directory}", "{directory: /root/.x}"),
    ("- file: {path: '/srv/{{ item }}', state: directory}\n  with_sequence: count={{ 1 + 1 }}",
     "{directory: '/srv/{{ item }}', loop: \"{{ range(1, 1 + (1 + 1) | int) | map('string') | list }}\"}"),
    ("- wait_for: {port: 5432, timeout: 60}", "{wait_for: wait_for, port: 5432, timeout_s: 60}"),
    ("- uri: {url: 'http://localhost/', status_code: [200, 204]}",
     "{http_check: 'http://localhost/', status: [200, 204]}"),
    ("- assert: {that: [1 < 2], fail_msg: too small}\n  name: Fits",
     "{assert: Fits, that: '{{ (1 < 2) }}', mend: too small}"),
    (f"- authorized_key: {{user: ada, key: {KEY}}}", f"{{authorized_key: authorized_key, user: ada, key: {KEY}}}"),
]

HAS_NO_LIKE = [  # a task, and a word of the reason
    ("- mysql_db: name=x", "no type for `mysql_db`"),
    ("- apt: update_cache=yes", "only fetches package lists"),
    ("- package: {state: present}", "names no package"),
    ("- zypper: {name: 'pattern:web'}", "may hold more than a name"),
    ("- zypper: {name: '*', state: latest}", "no package's name"),
    ("- yum: name=httpd-2.4.6", "may hold more than a name"),
    ("- dnf: {name: ['@web'], state: present}", "may hold more than a name"),
    ("- dnf: {name: httpd, enablerepo: epel}", "which repositories"),
    ("- user: {name: ada, stat: present}", "`stat` of `user`"),
    ("- copy: {src: nowhere.txt, dest: /etc/x}", "no file `nowhere.txt`"),
    ("- copy: {src: '{{ file }}', dest: '{{ folder }}/'}", "which file is meant"),
    ("- copy: {src: '{{ a }}/{{ b }}', dest: '{{ folder }}/'}", "is a directory"),
    ("- copy: {src: /a, dest: /b, remote_src: yes}", "remote_src"),
    ("- file: {path: /etc/x/, state: absent}", "with all that is in it"),
    ("- file: {path: /etc/x, state: hard, src: /a}", "hard links"),
    ("- service: {name: x, state: restarted}", "in every run"),
    ("- service: {name: b, state: '{{ how }} {{ when }}'}", "more than one expression"),
    ("- command: x\n  when: ansible_facts['os_family'] == 'FreeBSD'", "FreeBSD, on which there is no Holdfast"),
    ("- copy: {content: '{{ ansible_default_ipv4.address | default(ansible_mounts) }}', dest: /a}", "ansible_mounts"),
    ("- command: x\n  when: ansible_version.full is version('2.4', '<')", "holds nowhere"),
    ("- file: {path: /a, state: \"{{ 'directory' if a else 'absent' }}\"}", "has no like"),
    ("- copy: {dest: /a, content: \"#jinja2: lstrip_blocks: True\\n{{ a }}\"}", "put it into a `template`"),
    ("- copy: {content: '{% set _ = names.append(1) %}', dest: /etc/a}", "`append` would change a value"),
    ("- fail: {msg: a}\n  when: x\n  failed_when: false", "that it fails does not count"),
    ("- assert: {that: x}\n  ignore_errors: true", "that it fails does not count"),
    ("- user: {name: ada, groups: '{% if x %}a,b{% endif %}'}", "decided by a template"),
    ("- find: {paths: [/a], patterns: ['*.b']}", "cannot be looped over"),
    ("- include_vars: {dir: more}", "no file"),
    ("- command: echo $HOME", "expanded by Ansible"),
    ("- command: ls creates=/a/*", "pattern"),
    ("- debug: msg=hello", "only prints"),
    ("- reboot:", "in every run"),
    ("- get_url: {url: 'http://a/b', dest: /b, checksum: 'sha256:http://a/b.sum'}", "no sha256"),
    ("- unarchive: {src: a.tar, dest: /srv}", "no file `a.tar`"),
    ("- unarchive: {src: /a.tar, dest: /srv, remote_src: yes, extra_opts: [--exclude=x]}", "`--exclude` of"),
    ("- community.general.ufw: {rule: allow, port: 22}", "write a `firewall`"),
    ("- apt_repository: {repo: 'deb https://a.example/x bookworm main'}", "no key is trusted blindly"),
    ("- apt_repository: {repo: 'ppa:ondrej/php'}", "a PPA is no address"),
    ("- pip: {name: flask, break_system_packages: true}", "say a `virtualenv`"),
    ("- aptt: name=x", "no module `aptt` in ansible-core"),
    ("- community.general.nowhere: {a: 1}", "no module `community.general.nowhere` here"),
    ("- expect: {command: x, responses: {a: b}}", "would be carried out in every run"),
    ("- mount_facts:", "only looks"),
    ("- command: x\n  with_sequence: start=a end=b", "is no sequence"),
    ("- command: x\n  with_sequence: start=1 end=2 stride=0", "is no sequence"),
    ("- command: x\n  with_sequence: start=1 end=2 format=%q", "is no sequence"),
    ("- systemd: {name: [a], state: [restarted]}", "`state` is a list"),
    ("- assert: {that: {a: 1}}", "no condition"),
    ("- fail: {msg: a}\n  when: [[a]]", "no condition"),
    ("- import_role: {name: [a]}", "no role `['a']`"),
    ("- script: nowhere.sh", "no file `nowhere.sh`"),
    ("- stat: path=/a\n  register: s", "only looks"),
    ("- command: x\n  delegate_to: localhost", "delegate_to"),
    ("- command: x\n  run_once: true", "run_once"),
    ("- command: x\n  tags: [a, never]", "never"),
    ("- command: x\n  check_mode: true", "only looks what it would do"),
    ("- copy: {content: a, dest: /a, mode: 644}", "1204 in octal"),
    ("- command: x\n  become: '{{ maybe }}'", "decided by a template"),
    ("- package: name=x\n  become_user: ada", "as the user ada"),
    ("- command: x\n  when: ansible_date_time.hour == '3'", "ansible_date_time"),
    ("- command: x\n  when: ansible_distribution_version is version('12', '>')", "ansible_distribution_version"),
    ("- command: x\n  when: ansible_os_family == 'Plan9'", "Plan9"),
    ("- command: x\n  when: \"lookup('pipe', 'date') == ''\"", "lookup `pipe`"),
    ("- copy: {content: \"{{ 'a' | json_query('b') }}\", dest: /a}", "filter `json_query`"),
    ("- copy: {content: \"{{ 'a' | password_hash('sha512') }}\", dest: /a}", "salt"),
    ("- copy: {src: '{{ item }}', dest: /a/}\n  with_fileglob: '*.none'", "no file `*.none`"),
    ("- copy: {src: '{{ item }}', dest: /a/}\n  with_fileglob: '/etc/*.none'", "outside of the playbook"),
    ("- command: x\n  loop: [a]\n  loop_control: {extended: true}", "extended"),
    ("- command: x\n  changed_when: \"'y' in r.stdout\"\n  register: r\n  notify: h", "what it prints"),
    ("- {}", "no module"),
    ("- apt: name=x\n  yum: name=x", "several modules"),
    ("- apt: name=x nonsense", "no key=value"),
    ("- block:\n    - command: x\n  rescue:\n    - command: y", "in a `rescue`"),
    ("- include_tasks: '{{ which }}.yml'", "decided by a template"),
    ("- include_tasks: nowhere.yml", "no file"),
    ("- set_fact: {a: 1}\n  loop: [1, 2]", "how often a variable is set"),
    ("- set_fact: {a: 'b{{ c }}'}\n  when: d is changed", "`is changed` asks"),
    ("- package: {name: x, state: sometimes}", "state: sometimes"),
]


@pytest.mark.parametrize(("task", "resource"), BECOMES, ids=[task.split("\n")[0][:60] for task, _ in BECOMES])
def test_task_becomes(tmp_path, task, resource):
    assert one(tmp_path, task) == flat(resource)


@pytest.mark.parametrize(("task", "why"), HAS_NO_LIKE, ids=[task.split("\n")[0][:60] for task, _ in HAS_NO_LIKE])
def test_what_has_no_like_is_named_and_left_out(tmp_path, task, why):
    made = converted(tmp_path, task)
    left = [item for item in made.items if item.why]
    assert len(left) == 1
    assert why in left[0].why
    assert f"NOT CONVERTED {tmp_path}/site.yml:{left[0].task.place.line}" in made.text.replace("\n  #   ", " ")


@pytest.mark.parametrize(("task", "becomes"), [
    ("- user: {name: '{{ item.a }}', state: '{{ item.b | default(omit) }}', uid: 7, remove: yes}\n  loop: '{{ all }}'",
     ["{user: '{{ item.a }}', uid: 7, create_home: true, loop: '{{ all }}', "
      "when: \"(item.b | default('present')) == 'present'\"}",
      "{user: '{{ item.a }}', state: absent, remove_home: true, loop: '{{ all }}', "
      "when: \"(item.b | default('present')) == 'absent'\"}"]),
    ("- lineinfile: {path: /a, regexp: ^b, line: b, state: \"{{ 'present' if x else 'absent' }}\"}\n  name: b\n"
     "  when: y",
     ["{line: b, path: /a, match: ^b, text: b, when: [y, \"('present' if x else 'absent') == 'present'\"]}",
      "{line: b (2), path: /a, match: ^b, state: absent, when: [y, \"('present' if x else 'absent') == 'absent'\"]}"]),
    ("- service: {name: b, state: \"{{ x | ternary('started', 'stopped') }}\"}",
     ["{service: b, running: true, when: \"(x | ternary('started', 'stopped')) == 'started'\"}",
      "{service: b, running: false, when: \"(x | ternary('started', 'stopped')) == 'stopped'\"}"]),
    ("- apt: {name: nano, state: '{{ how }}'}",
     ["{package: nano, when: \"(how) in ['present', 'installed']\"}",
      "{package: nano, state: latest, when: \"(how) == 'latest'\"}",
      "{package: nano, state: absent, when: \"(how) in ['absent', 'removed']\"}"])])
def test_a_state_that_a_template_decides_is_a_resource_for_each(tmp_path, task, becomes):
    made = converted(tmp_path, task)
    assert resources(made) == [flat(one) for one in becomes]


def test_a_failure_that_does_not_count_and_a_file_that_is_fetched_again_are_in_part(tmp_path):
    made = converted(tmp_path, """\
        - {command: x, failed_when: false}
        - get_url: {url: 'http://a/b', dest: /etc/b, force: true}
        """)
    assert [item.status for item in made.items] == ["in part", "in part"]
    assert ["`failed_when: false`" in made.items[0].lost[0], "`force`" in made.items[1].lost[0]] == [True, True]


def test_where_a_new_line_goes_is_told_when_several_lines_could_be_meant(tmp_path):
    made = converted(tmp_path, """\
        - lineinfile: {path: /etc/a, line: b, insertbefore: ^exit}
        - lineinfile: {path: /etc/a, line: c, insertbefore: BOF}
        - blockinfile: {path: /etc/a, block: d, insertbefore: ^exit}
        """)
    assert [item.status for item in made.items] == ["in part", "converted", "in part"]
    assert "ahead of the first here, and ahead of the last in Ansible" in made.items[0].lost[0]


def test_a_download_that_nobody_checks_says_so(tmp_path):
    made = converted(tmp_path, """\
        - get_url: {url: 'https://a.example/b', dest: /etc/b}
        - unarchive: {src: 'https://a.example/c.tgz', dest: /srv/c, remote_src: yes, owner: root, group: root}
          when: 1 < 2
        """)
    assert resources(made) == [
        {"download": "/etc/b", "url": "https://a.example/b", "unverified": True},
        {"download": "/var/cache/c.tgz", "url": "https://a.example/c.tgz", "unverified": True, "when": "1 < 2"},
        {"archive": "unarchive", "path": "/srv/c", "file": "/var/cache/c.tgz", "owner": "root", "group": "root",
         "when": "1 < 2"}]
    for item in made.items:
        assert any("nobody checks what comes from https://a.example/" in note for note in item.notes)
    assert made.text.replace("\n  #   ", " ").count("note: nobody checks what comes from https://a.example/") == 2


def test_a_name_that_holds_line_ends_stays_in_its_comment(tmp_path):
    made = converted(tmp_path, r"""
        - name: "one\u2028- command: two\x85- command: three\n- command: four"
          command: only
        - name: "\u2029- command: five"
          debug: {msg: hi}
        """)
    assert resources(made) == [{"command": "only", "always": True}]
