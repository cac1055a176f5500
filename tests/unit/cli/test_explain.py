"""`explain` and `graph`, on documents with every level of precedence; what is told is held against what is compiled."""
from __future__ import annotations

import io
import json
import re
import shutil

import pytest

import holdfast
from holdfast.cli.main import main
from holdfast.cli.options import variable
from tests.unit.cli.standin import Pipe

FILES = {
    "inventory/hosts.yml": """\
inventory: x
vars: {site: example.com}
groups:
  web:
    hosts: [web1]
    vars: {site: example.net, port: 81}
hosts:
  web1:
    channel: local
    vars: {site: "{{ inventory_hostname }}.example.org"}
  db1: {channel: local}
""",
    "playbooks/site.yml": """\
state: web
targets: web1
vars:
  root: "/srv/{{ site }}"
  token: {secret: token, file: ../token}
resources:
  - use: vhost
    parameters:
      name: "{{ site }}"
  - file: /etc/token
    content: "x={{ token }} {{ root }}"
    mode: "0600"
    when: "'web' in group_names"
  - file: "/etc/{{ item }}.conf"
    content: "{{ item }} {{ port }}"
    loop: [a, b]
---
state: vhost
parameters:
  name: text
  port: {type: integer, default: 80}
resources:
  - template: "/etc/nginx/{{ name }}.conf"
    source: vhost.j2
    notify: {service: nginx}
  - service: nginx
    running: true
""",
    "playbooks/templates/vhost.j2": "server_name {{ name }}; listen {{ port }}; # {{ ansible_managed }}\n",
    "token": "kanarienvogel\n",
}


@pytest.fixture
def site(tmp_path, monkeypatch):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(*words: str) -> tuple[int, str, str]:
    out, err = Pipe(), io.StringIO()
    code = main(words, out, err)
    return code, out.getvalue(), err.getvalue()


def test_a_value_is_followed_to_where_it_was_written_with_all_it_overrides(site):
    code, out, err = said("explain", "web1", "file: /etc/token")
    assert (code, err) == (0, "")
    assert out == """\
file: /etc/token on web1 (playbooks/site.yml:10:5)
  when `'web' in group_names`
    group_names = web  always there
  content: x=«token» /srv/web1.example.org (playbooks/site.yml:11:14)
      written `x={{ token }} {{ root }}`
      root = /srv/{{ site }}  vars of `web` (playbooks/site.yml:4:9)
          site = {{ inventory_hostname }}.example.org  inventory (inventory/hosts.yml:10:18)
              overrides example.net  inventory (inventory/hosts.yml:6:18)
              overrides example.com  inventory (inventory/hosts.yml:2:14)
              inventory_hostname = web1  always there
      token = secret «token», file ../token  vars of `web` (playbooks/site.yml:5:10)
  mode: 0600 (playbooks/site.yml:12:11)
"""


def test_what_a_template_file_reads_and_a_parameter_says(site):
    _, out, _ = said("explain", "web1", "template: /etc/nginx/web1.example.org.conf")
    assert "      name = {{ site }}  given where `vhost` is used (playbooks/site.yml:9:13)\n" in out
    assert ("      port = 80  the parameter's default (playbooks/site.yml:21:34)\n"
            "          overrides 81  inventory (inventory/hosts.yml:6:37)\n") in out
    assert "ansible_managed = Managed by Holdfast" in out


@pytest.mark.parametrize("more", [(), ("--set", "port=9"), ("--set", "site=other.example.org")])
def test_what_counts_is_what_is_compiled(site, more):
    """The first of each chain, against the arguments that the compiler has made of it."""
    for resource in ("file: /etc/a.conf", "file: /etc/b.conf"):
        thing = json.loads(said("explain", "web1", resource, "--json", *more)[1])
        (content,) = [one for one in thing["arguments"] if one["name"] == "content"]
        (port,) = [one["sources"] for one in content["reads"] if one["name"] == "port"]
        assert content["value"] == f"{resource[11]} {port[0]['written']}"
        assert [one["level"] for one in port] == ["--set", "inventory"][("port=9" not in more):]
    with holdfast.load(site, set=dict(variable(word) for word in more[1:])) as project:
        nodes = {node.id for node in project.graph("web1").nodes}
        name = next(id for id in nodes if id.startswith("template"))
        thing = json.loads(said("explain", "web1", name, "--json", *more)[1])
        assert thing["arguments"][0]["value"] == name.partition(": ")[2]


def test_secrets_are_named_not_shown(site):
    path = site / "playbooks" / "site.yml"
    path.write_text(path.read_text().replace(
        "resources:\n", 'resources:\n  - file: "/etc/{{ item.name }}"\n    content: "{{ item.password }}"\n'
        '    loop: [{name: key, password: "{{ token }}"}]\n', 1))
    assert "«token»" in said("explain", "web1", "file: /etc/key")[1].partition("loop")[2]
    assert "kanarienvogel" not in said("explain", "web1", "file: /etc/key")[1]
    for resource in ("file: /etc/token", "template: /etc/nginx/web1.example.org.conf"):
        for more in ((), ("--json",)):
            assert "kanarienvogel" not in said("explain", "web1", resource, *more)[1]


OWN = """\
from holdfast_host import ALLOWED, Refused, Resource, arg


def not_this(text):
    raise Refused("", "`%s` is none" % text, "not `%s`" % text)


class Own(Resource):
    \"\"\"One of the project's own.\"\"\"

    name: str = arg(doc="Its name.")
    value: str = arg(doc="Its value.", secret=ALLOWED, check=not_this)
    named = "name"
"""


def test_what_a_type_has_against_a_secret_does_not_show_it(site):
    (site / "modules").mkdir()
    (site / "modules" / "own.py").write_text(OWN)
    path = site / "playbooks" / "site.yml"
    path.write_text(path.read_text().replace(
        "resources:\n", 'resources:\n  - own: x\n    value: "{{ token | b64encode }}"\n', 1))
    code, _, err = said("validate")
    assert code == 2 and "`<token|b64encode>` is none" in err and "a2FuYXJp" not in err


@pytest.mark.parametrize(("words", "told"), [
    (("explain", "web1", "file: /etc/tokn"), "did you mean `file: /etc/token`?"),
    (("explain", "web2", "file: /etc/token"), "did you mean `web1`?"),
    (("explain", "db1", "file: /etc/token"), "no document here is for `db1`"),
    (("graph", "db1"), "no document here is for `db1`"),
])
def test_wrong_names_are_refused_with_a_mend(site, words, told):
    code, _, err = said(*words)
    assert code == 2
    assert told in err


def test_what_hangs_on_facts_says_so(site):
    (site / "playbooks" / "site.yml").write_text(
        "state: f\ntargets: all\nresources:\n  - file: /etc/f\n    content: \"{{ facts.os.name }}\"\n")
    for words in (("explain", "web1", "file: /etc/f"), ("graph", "web1")):
        code, _, err = said(*words)
        assert (code, "holdfast facts -t web1" in err) == (2, True)
    with holdfast.load(site) as project:
        project.store.keep_facts({"web1": {"os": {"name": "debian"}}}, 1_700_000_000.0).result()
    assert "content: debian" in said("explain", "web1", "file: /etc/f")[1]


def test_the_graph_in_every_form(site):
    text = said("graph", "web1")[1]
    assert "   1  template: /etc/nginx/web1.example.org.conf (playbooks/site.yml:23)\n" \
           "        notifies 2 service: nginx\n   2  service: nginx (playbooks/site.yml:26)\n" in text
    mermaid = said("graph", "web1", "--format", "mermaid")[1]
    assert mermaid.startswith("flowchart TD\n    n0[\"template: /etc/nginx/web1.example.org.conf\"]\n")
    assert "    n0 -. notifies .-> n1\n" in mermaid
    dot = said("graph", "web1", "--format", "dot")[1]
    assert dot.startswith("digraph holdfast {\n")
    assert "n0 -> n1 [style=dashed, label=notifies];" in dot
    objects = [json.loads(line) for line in said("graph", "web1", "--json")[1].splitlines()]
    assert [(one["id"], one["notifies"]) for one in objects][:2] == [
        ("template: /etc/nginx/web1.example.org.conf", ["service: nginx"]), ("service: nginx", [])]


def test_a_drawing_needs_graphviz_and_says_so(site, monkeypatch):
    if shutil.which("dot"):
        drawn = said("graph", "web1", "--format", "svg")[1]
        assert re.search(r"<svg .*</svg>", drawn, re.DOTALL)
        assert "service: nginx" in drawn
    monkeypatch.setenv("PATH", "")
    code, _, err = said("graph", "web1", "--format", "svg")
    assert (code, "apt-get install graphviz" in err) == (2, True)
