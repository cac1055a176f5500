"""Handlers, and whom tasks notify."""
from __future__ import annotations

from tests.unit.converting.making import converted, resources


def test_blocks_pass_on_whom_they_notify(tmp_path):
    made = converted(tmp_path, """\
        - block:
            - copy: {content: a, dest: /etc/a}
            - copy: {content: b, dest: /etc/b}
              notify: other
          notify: again
          no_log: true
        """, handlers="""\
        - {name: again, command: again}
        - {name: other, command: other}
        """)
    assert [one.get("notify") for one in resources(made)] == [{"command": "again"}, {"command": "other"}, None, None]
    assert [len(item.notes) for item in made.items] == [1, 1, 0, 0]


def test_of_handlers_of_one_name_the_last_counts(tmp_path):
    made = converted(tmp_path, """\
        - copy: {content: a, dest: /etc/a}
          notify: again
        """, handlers="""\
        - {name: again, command: first}
        - {name: again, command: second}
        """)
    assert resources(made)[0]["notify"] == {"command": "second"}
    assert "the last one of a name counts" in made.items[1].why


def test_handlers_become_what_is_told(tmp_path):
    made = converted(tmp_path, """\
        - apt: name=nginx
          notify: [reload web, count]
        - copy: {content: a, dest: /etc/a}
          notify: nowhere
        - service: {name: nginx, state: started}
        """, handlers="""\
        - name: reload nginx
          listen: reload web
          service: {name: nginx, state: reloaded}
        - name: count
          shell: wc -l /etc/passwd > /tmp/count
        - name: start it
          service: {name: other, state: restarted, enabled: true}
        """)
    assert resources(made) == [
        {"package": "nginx", "notify": [{"service": "nginx"}, {"command": "wc -l /etc/passwd > /tmp/count"}]},
        {"file": "/etc/a", "content": "a"},
        {"service": "nginx", "running": True, "on_notify": "reload"},
        {"command": "wc -l /etc/passwd > /tmp/count", "shell": True, "on_notify": True}]
    assert [item.status for item in made.items] == ["converted", "in part", "converted", "converted", "converted",
                                                    "not converted"]
    assert made.items[1].lost == ["`notify: nowhere`: there is no handler of that name here"]


def test_a_handler_that_says_more_than_restart_is_there_in_part(tmp_path):
    made = converted(tmp_path, """\
        - copy: {content: a, dest: /etc/a}
          notify: again
        """, handlers="- {name: again, service: {name: x, state: restarted, enabled: yes}}\n")
    assert resources(made)[1] == {"command": "systemctl restart x", "on_notify": True}
    assert made.items[1].lost == ["`enabled`: say it of the `service`"]


def test_a_restart_that_hangs_on_a_change_is_a_watch(tmp_path):
    made = converted(tmp_path, """\
        - copy: {content: a, dest: /etc/a}
          register: conf
        - service: {name: x, state: restarted}
          when: conf is changed
        """)
    assert resources(made)[1] == {"command": "systemctl restart x", "on_notify": True, "watch": {"file": "/etc/a"}}


def test_what_is_flushed_stands_where_it_is_flushed(tmp_path):
    made = converted(tmp_path, """\
        - meta: flush_handlers
        - copy: {content: a, dest: /etc/a}
          notify: [early, both, web]
        - service: {name: web, state: started}
        - meta: flush_handlers
        - copy: {content: b, dest: /etc/b}
          notify: both
        """, handlers="""\
        - {name: both, command: both}
        - {name: early, command: early}
        - {name: web, service: {name: web, state: restarted}}
        """)
    assert [next(iter(one.items())) for one in resources(made)] == [
        ("file", "/etc/a"), ("service", "web"), ("command", "early"), ("file", "/etc/b"), ("command", "both")]
    assert [made.items[0].into, made.items[3].into] == [
        "nothing: no handler that is converted is notified before it", "the place of: early"]
    assert made.items[3].lost == ["`both` acts once, when all has been done that notifies it"]


def test_lists_that_are_fetched_are_asked_for_by_the_packages_behind(tmp_path):
    made = converted(tmp_path, """\
        - apt: {name: early}
        - apt: {update_cache: true, cache_valid_time: 86400}
          when: ansible_os_family == 'Debian'
        - apt: {name: late}
        - apt: {name: own, update_cache: true, cache_valid_time: 60}
        - dnf: {name: other}
        - apt: {name: gone, state: absent}
        - apt: {update_cache: true}
          when: wanted
        """)
    assert {one["package"]: one.get("refresh_s") for one in resources(made)} == {
        "early": None, "late": 86400, "own": 60, "other": None, "gone": None}
    assert [made.items[1].status, made.items[-1].status] == ["converted", "not converted"]


def test_a_directory_that_is_made_elsewhere_is_removed_as_one(tmp_path):
    made = converted(tmp_path, """\
        - file: {path: /srv/a, state: directory}
          when: wanted
        - file: {path: /srv/a/, state: absent}
          when: not wanted
        - file: {path: /srv/b, state: absent}
        - file: {src: /srv/d, dest: /srv/c, state: link, owner: web, mode: "0640"}
        """)
    assert resources(made)[1:] == [
        {"directory": "/srv/a", "state": "absent", "force": True, "when": "not wanted"},
        {"file": "/srv/b", "state": "absent"}, {"link": "/srv/c", "to": "/srv/d"}]
    assert made.items[3].lost == ["`owner`, `mode`: Ansible gives that to what the link leads to: say it there"]


def test_a_handler_for_which_nothing_is_needed_is_told_nothing(tmp_path):
    made = converted(tmp_path, "- copy: {content: a, dest: /etc/a}\n  notify: [there, again]\n", handlers="""\
        - {name: there, wait_for_connection: {}}
        - {name: again, command: again}
        """)
    assert [item.status for item in made.items] == ["converted"] * 3
    assert resources(made)[0]["notify"] == {"command": "again"}


def test_what_is_refused_is_waited_for_by_nothing(tmp_path):
    made = converted(tmp_path, """\
        - lineinfile: {path: /etc/a, line: x, mode: "0640"}
        - lineinfile: {path: /etc/a, line: "two\\nlines"}
        """)
    assert resources(made)[-1] == {"file": "/etc/a", "mode": "0640", "requires": {"line": "lineinfile"}}
    assert [bool(item.why) for item in made.items] == [False, True]


def test_whose_a_file_is_that_is_edited_is_said_behind_the_edit(tmp_path):
    made = converted(tmp_path, """\
        - lineinfile: {path: /etc/a, line: x, mode: "0640", owner: root}
          when: wanted
          notify: again
        - lineinfile: {path: /etc/a, line: "y", mode: "0640", owner: root}
          when: wanted
        - lineinfile: {path: /etc/a, line: z, mode: "0600"}
        - lineinfile: {path: /etc/b, line: x, mode: "0640"}
        - lineinfile: {path: /etc/b, line: "{{ item }}", mode: "0640"}
          loop: [b, c]
        - blockinfile: {path: /etc/d, block: x, mode: "0640"}
        - copy: {content: d, dest: /etc/d, mode: "0600"}
          when: not wanted
        """, handlers="- {name: again, command: again}\n")
    assert [one for one in resources(made) if "file" in one] == [
        {"file": "/etc/a", "owner": "root", "mode": "0640", "when": "wanted",
         "requires": [{"line": "lineinfile"}, {"line": "lineinfile (2)"}, {"line": "lineinfile (3)"}],
         "notify": {"command": "again"}},
        {"file": "/etc/d", "content": "d", "mode": "0600", "when": "not wanted"}]
    made_again = converted(tmp_path, """\
        - lineinfile: {path: /etc/a, line: x, mode: "0640"}
        - lineinfile: {path: "/etc/{{ item }}", line: x}
          loop: [a, c]
        """)
    assert [len(item.resources) for item in made_again.items] == [1, 1]  # a loop edits it later
    assert [bool(item.lost) for item in made.items] == [False, False, True, True, True, True, False, False]
