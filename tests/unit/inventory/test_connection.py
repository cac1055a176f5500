"""What a user's connection variables lead to, and which are refused."""
import re
import sys

import pytest

import holdfast
from holdfast.channels.model import Become, Connection
from holdfast.inventory.connection import connection_of
from holdfast.problems import Place, Problems


@pytest.mark.parametrize(("variables", "wanted"), [
    ({}, {}),
    ({"ansible_host": "10.0.0.1", "ansible_port": "2222", "ansible_user": "deploy"},
     {"address": "10.0.0.1", "port": 2222, "user": "deploy"}),
    ({"ansible_ssh_host": "a", "ansible_host": "a"}, {"address": "a"}),  # both names, one value
    ({"ansible_connection": "local"}, {"channel": "local"}),
    ({"ansible_connection": "ansible.builtin.ssh"}, {"channel": "ssh"}), ({"ansible_connection": "smart"}, {}),
    ({"ansible_ssh_pass": 1234}, {"password": "1234"}),
    ({"ansible_password": "", "ansible_become": True, "ansible_become_pass": ""}, {"become": Become()}),
    ({"ansible_become": "yes", "ansible_become_user": "app", "ansible_become_pass": "s"},
     {"become": Become("app", "sudo", "s")}),
    ({"ansible_become": True}, {"become": Become()}), ({"ansible_become": "no", "ansible_become_user": "app"}, {}),
    ({"ansible_python_interpreter": "auto_silent"}, {}),
    ({"ansible_python_interpreter": "/usr/bin/python3.11"}, {"python": "/usr/bin/python3.11"}),
    ({"ansible_python_interpreter": "/usr/bin/env python3"}, {"python": "python3"}),
    ({"holdfast_jump": ["ops@gate:22", "inner"]}, {"jump": ("ops@gate:22", "inner")}),
    ({"holdfast_jump": "gate, [2001:db8::1]:22"}, {"jump": ("gate", "[2001:db8::1]:22")}),
    ({"holdfast_known_hosts": "k", "holdfast_ssh_config": "c", "holdfast_folder": "/srv/h", "holdfast_connect_s": 3,
      "holdfast_alive_s": "7.5"},
     {"known_hosts": "k", "ssh_config": "c", "folder": "/srv/h", "connect_s": 3.0, "alive_s": 7.5}),
    ({"ansible_ssh_common_args": "-J ops@gate -o UserKnownHostsFile=~/.k -C -o ControlPersist=60s"},
     {"jump": ("ops@gate",), "known_hosts": "~/.k"}),
    ({"ansible_ssh_extra_args": "-F lab.cfg -oPort=23 -o 'User root' -i id -o ConnectTimeout=4"},
     {"ssh_config": "lab.cfg", "port": 23, "user": "root", "key": "id", "connect_s": 4.0}),
    ({"ansible_ssh_common_args": "-o ProxyCommand='ssh -W %h:%p -q -p 2200 -l ops gate'"},
     {"jump": ("ops@gate:2200",)}),
    ({"ansible_ssh_common_args": "-o ProxyCommand=\"ssh -W %h:%p ops@gate\"", "ansible_port": 5},
     {"jump": ("ops@gate",), "port": 5}),
    ({"ansible_ssh_common_args": "-o Port=1", "ansible_port": 2}, {"port": 2}),  # the variable is nearer
    ({"ansible_ssh_common_args": "-o StrictHostKeyChecking=yes", "ansible_host_key_checking": True},
     {"host_keys": "strict"}),
    ({"ansible_ssh_common_args": "-o StrictHostKeyChecking=accept-new"}, {"host_keys": "accept-new"}),
    ({"holdfast_host_keys": "accept-new", "holdfast_install_python": "yes"},
     {"host_keys": "accept-new", "installs_python": True}),
    ({"ansible_ssh_pipelining": True, "ansible_shell_type": "sh", "ansible_winrm_transport": "ntlm", "site": 1}, {}),
    ({"holdfast_tags": {"role": "web"}}, {}),
])
def test_variables_say_how_the_host_is_reached(variables, wanted):
    assert connection_of("web1", variables) == Connection("web1", **{"address": "web1", **wanted})


@pytest.mark.parametrize(("variables", "says", "mend"), [
    ({"ansible_port": "ssh"}, "`ansible_port` is no port", "1 to 65535"), ({"ansible_port": 70000}, "no port", "65535"),
    ({"ansible_port": True}, "no port", "65535"), ({"ansible_host": ["a"]}, "`ansible_host` is not text", "quotes"),
    ({"ansible_host": "a", "ansible_ssh_host": "b"}, "say different things", "keep one"),
    ({"ansible_connection": "docker"}, "`docker`", "ssh or local"),
    ({"ansible_become": True, "ansible_become_method": "runas"}, "`runas`", "sudo"),
    ({"ansible_become": "maybe"}, "neither true nor false", "true or false"),
    ({"ansible_ssh_common_args": "-o StrictHostKeyChecking=no"}, "StrictHostKeyChecking=no", "ssh-keyscan"),
    ({"ansible_ssh_common_args": "-o UserKnownHostsFile=/dev/null"}, "forgets host keys", "ssh-keyscan"),
    ({"ansible_host_key_checking": False}, "turns off", "ssh-keyscan"),
    ({"holdfast_host_keys": "accept_new"}, "none of strict, accept-new", "accept-new"),
    ({"holdfast_install_python": "maybe"}, "neither true nor false", "true or false"),
    ({"ansible_ssh_extra_args": "-o KexAlgorithms=x"}, "kexalgorithms", "ssh_config"),
    ({"ansible_ssh_extra_args": "-L 80:a:80"}, "`-L`", "ssh_config"),
    ({"ansible_ssh_common_args": "-o ProxyCommand='nc %h %p'"}, "nc %h %p", "-J"),
    ({"ansible_ssh_common_args": "-o ProxyCommand='ssh -W \"x'"}, "no plain jump", "-J"),
    ({"ansible_ssh_common_args": "-o 'Port=1"}, "split into words", "close the quote"),
    ({"ansible_ssh_common_args": "-J"}, "proxyjump", "after it"),
    ({"holdfast_jump": "a b"}, "`a b`", "user@host:port"), ({"holdfast_jump": {"a": 1}}, "to go through", "user@host"),
    ({"holdfast_folder": "state"}, "no absolute path", "starts with /"),
    ({"holdfast_connect_s": 0}, "no time", "seconds"), ({"ansible_user": ""}, "is empty", "quotes"),
    ({"holdfast_jmp": "a"}, "`holdfast_jmp`", "did you mean `holdfast_jump`"),
    ({"ansible_password": ["x"]}, "is no password", "quotes"),
    ({"ansible_python_interpreter": "/usr/bin/env -S python3"}, "neither a path", "/usr/bin/python3"),
    ({"ansible_python_interpreter": "/usr/bin/python3 -E"}, "neither a path", "/usr/bin/python3"),
])
def test_what_cannot_be_done_is_refused_by_name_with_a_mend(variables, says, mend):
    with pytest.raises(Problems) as refused:
        connection_of("web1", variables)
    problem = refused.value.problems[0]
    assert problem.what.startswith("web1: ")
    assert says in problem.what
    assert mend in problem.mend


def test_all_faults_come_at_once_with_their_places():
    place = Place("hosts.ini", 3, 5)
    with pytest.raises(Problems) as refused:
        connection_of("web1", {"ansible_port": "x", "ansible_become": "x", "ansible_host": 1}, {"ansible_port": place})
    assert [problem.place for problem in refused.value.problems] == [place, None, None]


def test_password_is_in_no_message():
    with pytest.raises(Problems) as refused:
        connection_of("web1", {"ansible_password": "hunter2\n", "ansible_become_password": "hunter2\r"})
    assert "hunter2" not in str(refused.value)
    assert "hunter2" not in repr(connection_of("web1", {"ansible_password": "hunter2"}))


def reached(folder, text):
    """By host how it is reached, as an inventory of Holdfast's own form says."""
    (folder / "hosts.yml").write_text(f"inventory: x\n{text}")
    with holdfast.load(folder, inventory=[folder / "hosts.yml"]) as project:
        return {name: (one.user, one.port) for name, one in project._connections(list(project.inventory.hosts)).items()}


def test_templates_of_ansible_that_do_not_say_how_a_host_is_reached_hinder_nobody(tmp_path):
    (tmp_path / "hosts").write_text("localhost ansible_connection=local ansible_shell_type='{{ nobody_defines_this }}' "
                                    "ansible_python_interpreter='{{ ansible_playbook_python }}'\n")
    with holdfast.load(tmp_path, inventory=tmp_path / "hosts") as project:
        assert project._connections(["localhost"])["localhost"].python == sys.executable
        assert project.command(["true"]).counts() == {"changed": 1}
    (tmp_path / "hosts").write_text("a ansible_user='{{ nobody_defines_this }}'\n")  # the control
    with holdfast.load(tmp_path, inventory=tmp_path / "hosts") as project, pytest.raises(Problems, match="not defined"):
        project._connections(["a"])


def test_what_stands_at_the_top_counts_for_all_and_the_nearer_wins(tmp_path):
    assert reached(tmp_path, "user: ops\nport: 2222\nhosts: {a: {}, b: {user: root}, c: {}}\n"
                             "groups: {g: {hosts: c, port: 22}}\n") == {
        "a": ("ops", 2222), "b": ("root", 2222), "c": ("ops", 22)}


@pytest.mark.parametrize(("text", "says"), [
    ("user: ops\nvars: {ansible_user: root}\nhosts: {a: {}}\n", "`ansible_user` is set twice"),
    ("port: ssh\nhosts: {a: {}}\n", "no port"), ("uzer: ops\nhosts: {a: {}}\n", "unknown key `uzer`"),
    ("tags: {role: web}\nhosts: {a: {}}\n", "unknown key `tags` in an inventory"),
])
def test_a_wrong_word_at_the_top_is_refused(tmp_path, text, says):
    with pytest.raises(Problems, match=re.escape(says)) as refused:
        reached(tmp_path, text)
    assert [problem.place.line for problem in refused.value.problems] == [2 + text.startswith("user")]
