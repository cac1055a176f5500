"""Graphs: the same for equal input, shared among hosts, and what is wrong between resources with both places."""
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.compiler.project import compiled, faults, fleet, graph, host, ids, layer

TEXT = """vars: {a: {z: 1, b: [1, {y: 2, x: 3}]}, who: "{{ tags.role }}"}
resources:
  - file: /etc/app/x
    content: "{{ a | to_json }} {{ who }}"
    notify: {service: app}
  - command: first
    env: {Z: "1", A: "2"}
  - service: app
    requires: [{command: first}, {file: /etc/app/x}]
  - directory: /etc/app
"""


def test_hosts_with_equal_inputs_share_one_graph(tmp_path: Path) -> None:
    inventory = fleet(host("a", role="web"), host("b", role="web"), host("c", role="db"))
    made = compiled(tmp_path, TEXT, inventory)
    assert made.graphs["a"].nodes is made.graphs["b"].nodes
    assert made.graphs["a"].name == made.graphs["b"].name != made.graphs["c"].name
    shared = [node for node in made.graphs["c"].nodes if any(node is other for other in made.graphs["a"].nodes)]
    assert len(shared) == 3, "only the node that depends on the host is another"


def test_graph_is_the_same_whatever_the_hash_seed(tmp_path: Path) -> None:
    program = (f"import sys; from pathlib import Path; from {__name__} import TEXT, compiled, fleet, host\n"
               f"made = compiled(Path({str(tmp_path)!r}), TEXT, fleet(host(\"a\", role=\"web\")))\n"
               "print([(one.name, [node.to_wire() for node in one.nodes]) for one in made.graphs.values()])")
    found = {subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, env={
        "PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(filter(None, sys.path))}).stdout for seed in ("0", "1", "42")}
    assert len(found) == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(st.permutations([("mode", '"0644"'), ("owner", "root"), ("content", "'{{ b }}'"), ("doc", "x")]),
       st.permutations(["a: 1", "b: '{{ a }}'", "c: '{{ b }}'"]))
def test_order_of_keys_does_not_matter(tmp_path: Path, keys: list[tuple[str, str]], variables: list[str]) -> None:
    text = f"vars: {{{', '.join(variables)}}}\nresources:\n  - user: root\n  - command: '{{{{ c }}}}'\n  - file: /a\n"
    first = compiled(tmp_path, text + "    mode: \"0644\"\n    owner: root\n    content: '{{ b }}'\n")
    other = compiled(tmp_path, text + "".join(f"    {key}: {value}\n" for key, value in keys))
    assert graph(first).name == graph(other).name


def test_implied_edges_order_what_is_written_the_other_way_round(tmp_path: Path) -> None:
    made = graph(compiled(tmp_path, TEXT, fleet(host("web1", role="web"))))
    assert ids(made) == ["directory: /etc/app", "file: /etc/app/x", "command: first", "service: app"]


def test_cycle_names_both_positions(tmp_path: Path) -> None:
    text = "resources:\n  - package: aa\n    requires: {package: bb}\n  - package: bb\n    requires: {package: aa}\n"
    (found,) = faults(tmp_path, text)
    assert found.what == "these resources wait for one another: package: aa -> package: bb -> package: aa"
    assert found.place is not None
    assert [found.place.line, *(place.line for _, place in found.also)] == [4, 6]


def test_index_and_item_of_loops(tmp_path: Path) -> None:
    text = """vars: {users: {ada: 1, bob: 2}}
resources:
  - user: "{{ item.key }}"
    uid: "{{ item.value + index }}"
    loop: users | dict2items
  - use: site-of
    parameters: {name: "{{ index }}-{{ item }}"}
    loop: [one, two]
---
state: site-of
parameters: {name: text}
resources:
  - file: /srv/{{ name }}
"""
    made = graph(compiled(tmp_path, text))
    assert ids(made) == ["user: ada", "user: bob", "file: /srv/0-one", "file: /srv/1-two"]
    assert [node.args.get("uid") for node in made.nodes] == [1, 3, None, None]


def test_variable_of_the_inventory_called_index_is_seen_outside_loops(tmp_path: Path) -> None:
    text = "resources:\n  - file: /{{ index }}\n  - file: /{{ index }}{{ item }}\n    loop: [a]\n"
    assert ids(graph(compiled(tmp_path, text, fleet(host("web1", layer(index=7)))))) == ["file: /7", "file: /0a"]


def test_what_several_used_documents_declare_alike_is_one_resource_of_all_of_them(tmp_path: Path) -> None:
    text = ("state: site\ntargets: all\nresources:\n  - use: one\n  - use: two\n  - service: cron\n"
            "  - file: /a\n    requires: {use: %s}\n%s"
            "---\nstate: one\nresources:\n  - service: cron\n  - file: /b\n"
            "---\nstate: two\nresources:\n  - service: cron\n  - file: /c\n")
    for name in ("one", "two"):
        found = ids(graph(compiled(tmp_path, text % (name, ""))))
        assert found.count("service: cron") == 1
        assert found.index("service: cron") < found.index("file: /a"), "all of what is used comes first"
    differing = faults(tmp_path, text % ("one", "  - service: cron\n    requires: {file: /b}\n"))
    assert any("is declared twice; `requires` differ" in one.what for one in differing)
