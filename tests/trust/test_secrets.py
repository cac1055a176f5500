"""Two hundred random secrets on every way that a value can take: none is found anywhere afterwards, as it is, in base64
or as part of an address, while the rest of the lines stays readable.

Where it was looked: what every command printed (plan, diff, apply, --json, -v, failures of tools and of templates), the
store and everything else in the project's folder, saved plans, the process lists of controller and host while they
worked, temporary files of both, the runner's own folder and the journal of the host.
"""
from __future__ import annotations

import base64
import random
import string
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
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
)


def secret(chance: random.Random, number: int) -> str:
    alphabet = ALPHABETS[number % len(ALPHABETS)]
    return "".join(chance.choice(alphabet) for _ in range(chance.randint(8, 40))).strip() + f"{number:03}"


def forms(value: str) -> tuple[bytes, ...]:
    """As it is, as tools spell it, and a piece that is the same wherever it stands in base64."""
    data = value.encode()
    found = [data, urllib.parse.quote(value, safe="").encode(), urllib.parse.quote_plus(value).encode(),
             repr(value)[1:-1].encode()]
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + data)
        found.append(whole[4 if shift else 0:-4])
    return tuple(form for form in found if len(form) >= 8)


class ProcessLists:
    """The command lines and environments of all processes, as root sees them, again and again."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> ProcessLists:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        """Lab hosts' processes are seen from here too. A program's environment is its own: only root sees it."""
        while not self._over.wait(0.02):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.seen.add(path.read_bytes())
                except OSError:
                    continue


def below(*folders: Path) -> Iterator[tuple[str, bytes]]:
    """All files."""
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                yield str(path), path.read_bytes()


@pytest.fixture
def secrets(site: Site) -> list[str]:
    chance = random.Random(20261124)
    values = [secret(chance, number) for number in range(COUNT)]
    variables = "".join(f"  s{n}: {{secret: s{n}, env: S{n}}}\n" for n in range(COUNT))
    resources = "".join(WAYS[n % len(WAYS)](n) for n in range(COUNT))
    (site.folder / "playbooks").mkdir()
    (site.folder / "playbooks" / "site.yml").write_text(
        f"state: site\ntargets: h1\nvars:\n{variables}resources:\n  - directory: /srv/s\n{resources}")
    for n in range(COUNT):
        if WAYS[n % len(WAYS)] is WAYS[1]:
            (site.folder / "playbooks" / f"s{n}.j2").write_text(f"[{n}]\nkey = {{{{ s{n} }}}}\n")
    site.environment.update({f"S{n}": value for n, value in enumerate(values)})
    return values


def test_no_secret_is_found_anywhere(site: Site, clean_hosts: Mapping[str, LabHost], secrets: list[str]) -> None:
    host = clean_hosts["h1"]
    with ProcessLists() as lists:
        said = [site.run(*words) for words in (
            ("plan",), ("plan", "--json"), ("plan", "--out", "saved.plan"), ("apply", "-v", "--diff"),
            ("apply", "--json", "-v"), ("drift",), ("runs", "show", "last", "h1"), ("runs", "show", "last", "--json"))]
    host.run("rm -r /srv/s/0 /srv/s/lines")
    said += [site.run("drift"), site.run("apply", "--json")]
    assert {one.code for one in said[:2]} == {0} and said[3].code == 4, said[0].text[-2000:]
    texts = {f"output {number}": one.text.encode() for number, one in enumerate(said)}
    texts |= {f"process {number}": line for number, line in enumerate(lists.seen)}
    texts |= dict(below(site.folder, host.rootfs / "var/lib/holdfast", host.rootfs / "tmp", host.rootfs / "run",
                        host.rootfs / "var/log"))
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
