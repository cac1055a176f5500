"""Two hundred random secrets on every way that a value can take: none is found anywhere afterwards, as it is, in base64
or as part of an address, while the rest of the lines stays readable.

Where it was looked: what every command printed (plan, diff, apply, --json, -v, failures of tools and of templates), the
store and everything else in the project's folder, saved plans, the process lists of controller and host while they
worked, temporary files of both, meanwhile and afterwards, the runner's own folder and the journal of the host.
"""
from __future__ import annotations

import base64
import gzip
import json
import os
import random
import stat
import string
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from tests.lab.host import LabHost
from tests.trust.site import Site

COUNT = 200
ALPHABETS = (string.ascii_letters + string.digits, string.printable[:94], "äöü€ß漢字+/=&% ")
# How secret N gets to the host. Each way has the value in another place; {n} is its number.
WAYS: tuple[Callable[[int], str], ...] = (
    lambda n: f"""\
  - file: /srv/s/{n}
    content: "user=me password={{{{ s{n} }}}} # kept\\n"
""",
    lambda n: f"""\
  - template: /srv/s/{n}
    source: secret.j2
    mode: "0600"
""".replace("secret.j2", f"s{n}.j2"),
    lambda n: f"""\
  - line: line {n}
    path: /srv/s/lines
    create: true
    text: "{{{{ s{n} }}}} is line {n}"
""",
    lambda n: f"""\
  - command: number {n}
    argv: [printenv, VALUE]
    always: true
    env: {{VALUE: "{{{{ s{n} }}}}"}}
    register: out{n}
  - file: /srv/s/{n}
    content: "{{{{ out{n}.stdout }}}}"
""",
    lambda n: f"""\
  - command: number {n}
    argv: [sh, -c, 'cat >&2; exit 3']
    always: true
    stdin: "{{{{ s{n} }}}} is why number {n} failed"
""",
    lambda n: f"""\
  - file: /srv/s/{n}
    content: "{{{{ s{n} | b64encode }}}} {{{{ s{n} | urlencode }}}} {{{{ s{n} | hash('sha256') }}}}\\n"
""",
    lambda n: f"""\
  - file: /srv/s/{n}
    content: "https://me:{{{{ s{n} | urlencode }}}}@example.org/{n}\\n"
    validate: grep nothing %s
""",
    lambda n: f"""\
  - script: number {n}
    interpreter: sh
    content: "cat <<'THE END'\n{{{{ s{n} }}}}\nTHE END\nsleep 0.05; exit 3"
    always: true
""".replace("\n{{", "\\n{{").replace("}}\nTHE END\nsleep", "}}\\nTHE END\\nsleep"),
    lambda n: f"""\
  - script: number {n}
    interpreter: python3
    content: |
      import base64, json, os, sys, urllib.parse
      value = os.environ["VALUE"]
      print("spelt:", base64.b64encode(b"me:" + value.encode()), base64.urlsafe_b64encode(value.encode()),
            urllib.parse.quote(value), urllib.parse.quote_plus(value), json.dumps(value), repr(value), file=sys.stderr)
      for part in value:
          print(part, end="", flush=True)
      sys.exit(3)
    always: true
    env: {{VALUE: "{{{{ s{n} }}}}"}}
""",
    lambda n: f"""\
  - file: /srv/s/{{{{ item.name }}}}
    content: "{{{{ item.key }}}} in a loop\n"
    loop: [{{name: {n}, key: "{{{{ s{n} }}}}"}}]
""",
)
# What has a secret in a place where it must not be, for a moment at least.
LEAKS = ('echo "$V" > /tmp/leak; sleep 0.5; rm /tmp/leak', 'echo "$V" > /run/leak', """sh -c 'sleep 0.5; :' "$V" """,
         'echo "$V" | systemd-cat', 'echo "$V" > /dev/shm/leak')
TEMPORARY = ("tmp", "var/tmp", "run", "dev/shm")  # on a host


def secret(chance: random.Random, number: int) -> str:
    alphabet = ALPHABETS[number // len(WAYS) % len(ALPHABETS)]
    return "".join(chance.choice(alphabet) for _ in range(chance.randint(8, 40))).strip() + f"{number:03}"


def forms(value: str) -> tuple[bytes, ...]:
    """As it is, as tools spell it, and a piece that is the same wherever it stands in base64."""
    data = value.encode()
    found = [data, urllib.parse.quote(value, safe="").encode(), urllib.parse.quote_plus(value).encode(),
             urllib.parse.quote(value).encode(), repr(value)[1:-1].encode(), json.dumps(value)[1:-1].encode(),
             json.dumps(value, ensure_ascii=False)[1:-1].encode()]
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + data)
        core = whole[4 if shift else 0:-4]
        found += [core, core.replace(b"+", b"-").replace(b"/", b"_")]
    return tuple(form for form in found if len(form) >= 8)


class Watch:
    """The command lines of all processes, as root sees them, and all files in folders for what is temporary, again and
    again. A program's environment is its own."""

    def __init__(self, *folders: Path) -> None:
        self.seen: set[bytes] = set()
        self._folders, self._known = folders, dict[str, int]()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        """Lab hosts' processes are seen from here too."""
        while not self._over.wait(0.02):
            for number in filter(str.isdigit, os.listdir("/proc")):
                with suppress(OSError):  # it has ended meanwhile
                    self.seen.add(Path("/proc", number, "cmdline").read_bytes())
            self.seen |= {content for _, content in below(*self._folders, known=self._known)}


def below(*folders: Path, known: dict[str, int] | None = None) -> Iterator[tuple[str, bytes]]:
    """All files, unpacked. known: when they were changed last; those that have not been since are left out."""
    for path in (Path(place, name) for folder in folders for place, _, names in os.walk(folder) for name in names):
        try:
            found = path.lstat()
            if not stat.S_ISREG(found.st_mode) or (known is not None and known.get(str(path)) == found.st_ctime_ns):
                continue
            content = path.read_bytes()
        except OSError:  # it has gone meanwhile
            continue
        if known is not None:
            known[str(path)] = found.st_ctime_ns
        yield str(path), gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content


def inside(host: LabHost, *names: str) -> list[Path]:
    """Folders as the host itself sees them: what it mounts lies over its disk."""
    return [Path(f"/proc/{host.pid}/root", name) for name in names]


def journal(host: LabHost) -> bytes:
    return host.run("journalctl --no-pager --all --output=cat --boot").stdout.encode()


@pytest.fixture
def secrets(request: pytest.FixtureRequest, site: Site) -> list[str]:
    """Each test has its own: one that leaks for the control may run beside another, and all processes are seen."""
    chance = random.Random(f"20261124 {request.node.name}")
    values = [secret(chance, number) for number in range(COUNT)]
    variables = "".join(f"  s{n}: {{secret: s{n}, env: S{n}}}\n" for n in range(COUNT))
    resources = "".join(WAYS[n % len(WAYS)](n) for n in range(COUNT))
    (site.folder / "playbooks").mkdir()
    (site.folder / "playbooks" / "site.yml").write_text(
        f"state: site\ntargets: h1\nvars:\n{variables}resources:\n  - directory: /srv/s\n{resources}")
    for n in range(COUNT):
        if WAYS[n % len(WAYS)] is WAYS[1]:
            (site.folder / "playbooks" / f"s{n}.j2").write_text(f"[{n}]\nkey = {{{{ s{n} }}}}\n")
    (site.folder / "tmp").mkdir()
    site.environment.update({"TMPDIR": str(site.folder / "tmp"), **{f"S{n}": value for n, value in enumerate(values)}})
    return values


def test_no_secret_is_found_anywhere(site: Site, clean_hosts: Mapping[str, LabHost], secrets: list[str]) -> None:
    host = clean_hosts["h1"]
    with Watch(site.folder / "tmp", *inside(host, *TEMPORARY)) as watch:
        said = [site.run(*words) for words in (
            ("plan",), ("plan", "--json"), ("plan", "--out", "saved.plan"), ("apply", "-v", "--diff"),
            ("apply", "--json", "-v"), ("drift",), ("runs", "show", "last", "h1"), ("runs", "show", "last", "--json"))]
        host.run("rm -r /srv/s/0 /srv/s/lines")
        said += [site.run("drift"), site.run("apply", "--json")]
        site.environment |= {f"S{n}": f"another for {n}" for n in range(2 * len(WAYS))}
        said += [site.run("plan", "--diff"), site.run("apply", "--json"), site.run("undo", "last")]
    assert {one.code for one in said[:2]} == {0} and said[3].code == 4, said[0].text[-2000:]
    texts = {f"output {number}": one.text.encode() for number, one in enumerate(said)}
    texts |= {f"meanwhile {number}": one for number, one in enumerate(watch.seen)}
    texts |= dict(below(site.folder, *inside(host, *TEMPORARY, "var/lib/holdfast", "var/log")))
    texts["journal"] = journal(host)
    everything = b"\n".join(texts.values())
    told = [form for value in secrets for form in forms(value) if form in everything]
    assert [(where, form) for form in told for where, text in texts.items() if form in text] == []
    assert b"user=me password=\xc2\xabs0\xc2\xbb # kept" in everything, "the rest of a line stays readable"
    assert b"is why number 4 failed" in everything and b"https://me:\xc2\xab" in everything


def test_the_control(site: Site, clean_hosts: Mapping[str, LabHost], secrets: list[str]) -> None:
    """What was looked for is where it belongs, and the same search finds it there."""
    site.run("apply")
    host = clean_hosts["h1"]
    texts = b"\n".join(text for _, text in below(host.rootfs / "srv/s"))
    arrived = [n for n in range(COUNT) if any(form in texts for form in forms(secrets[n]))]
    assert len(arrived) > COUNT / 2
    assert (host.rootfs / "srv/s/0").read_text() == f"user=me password={secrets[0]} # kept\n"


def test_what_leaks_is_seen(site: Site, clean_hosts: Mapping[str, LabHost], secrets: list[str]) -> None:
    """The control for what lies outside of files that stay: each place is looked into."""
    host = clean_hosts["h1"]
    site.write("state: site\ntargets: h1\nvars:\n" + "".join(
        f"  s{n}: {{secret: s{n}, env: S{n}}}\n" for n in range(len(LEAKS))) + "resources:\n" + "".join(
        f"  - script: leak {n}\n    interpreter: sh\n    always: true\n    content: {json.dumps(leak)}\n"
        f"    env: {{V: \"{{{{ s{n} }}}}\"}}\n" for n, leak in enumerate(LEAKS)))
    with Watch(*inside(host, *TEMPORARY)) as watch:
        done = site.run("apply")
    assert done.code == 0, done.text
    seen = b"\n".join([*watch.seen, journal(host)])
    assert [n for n in range(len(LEAKS)) if secrets[n].encode() not in seen] == []
