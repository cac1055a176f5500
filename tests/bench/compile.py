"""How long compiling takes: 10,000 hosts with 100 resources each, ten of which depend on the host.

    python -m tests.bench.compile [HOSTS]
"""
from __future__ import annotations

import gc
import resource
import sys
import tempfile
import time
from pathlib import Path

from holdfast.compiler.compiling import Chosen, Request, compile_documents
from holdfast.documents.loading import load_documents
from holdfast.documents.types import Types
from holdfast.inventory.model import Group, Host, Inventory, Variable
from holdfast.problems import Place

TYPES = Path(__file__).parents[1] / "unit" / "compiler" / "types"
TEMPLATE = """# {{ ansible_managed }}
server {
{% for port in ports %}
    listen {{ address }}:{{ port }};
{% endfor %}
    server_name {{ inventory_hostname }}.{{ site }};
    access_log /var/log/nginx/{{ inventory_hostname }}.log;
{% if 'web' in group_names %}
    gzip on;
{% endif %}
}
"""


def document() -> str:
    """90 resources that are the same everywhere, and ten that are not."""
    lines = ["state: bench", "targets: all", "vars:", "  site: example.org", "  ports: [80, 443, 8080]", "resources:"]
    for number in range(30):
        lines += [f"  - package: package{number}", f"  - file: /etc/app/{number}.conf",
                  f"    content: 'number {number} of {{{{ site }}}}'", '    mode: "0644"',
                  f"    notify: {{service: service{number}}}", f"  - service: service{number}", "    running: true"]
    for number in range(5):
        lines += [f"  - template: /etc/nginx/site{number}.conf", "    source: site.j2",
                  f"  - file: /etc/motd{number}", f"    content: '{{{{ inventory_hostname }}}} is number {number}'",
                  '    mode: "0644"', "    owner: '{{ owner }}'"]
    return "\n".join(lines)


def inventory(count: int) -> Inventory:
    """Hosts in one group, each with an address of its own."""
    place = Place("hosts.yml", 1, 1)
    everywhere = {"owner": Variable("root", place), "zone": Variable("{{ site | default('none') }}", place)}
    hosts = {}
    for number in range(count):
        name = f"web{number:05}"
        own = {"address": Variable(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", place)}
        hosts[name] = Host(name, ("web",), {"role": "web"}, (everywhere, own), place)
    return Inventory(hosts, {"web": Group("web", tuple(hosts))})


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "templates").mkdir()
        (root / "templates" / "site.j2").write_text(TEMPLATE)
        (root / "bench.yml").write_text(document())
        fleet = inventory(count)
        before_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        gc.collect()
        start = time.process_time()
        types = Types([TYPES])
        documents = load_documents([root / "bench.yml"], types)
        loaded = time.process_time()
        compiled = compile_documents(Request(documents, fleet, types, lambda *_: Chosen(tuple(fleet.hosts)), root=root))
        done = time.process_time()
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    assert len(compiled.graphs) == count
    assert all(len(graph.nodes) == 100 for graph in compiled.graphs.values())
    print(f"{count} hosts x 100 resources: read {loaded - start:.2f} s, compiled {done - loaded:.2f} s CPU, "
          f"peak {peak_mib:.0f} MiB ({before_mib:.0f} before)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
