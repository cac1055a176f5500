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
