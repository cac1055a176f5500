"""The command as a process: how it starts, and how it ends when nobody listens."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SLOW = ("sqlalchemy", "alembic", "rich", "asyncssh", "jinja2", "yaml", "cerberus", "asyncio")
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def python(code: str, *arguments: str, **more) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=ENVIRONMENT,
                          check=False, **more)


@pytest.mark.parametrize("argv", [["--help"], ["apply", "--help"], ["runs", "show", "--help"], ["nonsense"]])
def test_help_loads_nothing_slow(argv):
    done = python("import sys; from holdfast.cli.main import main\n"
                  "main(sys.argv[1:], sys.stdout, sys.stderr)\n"
                  f"print('loaded:', *[name for name in {SLOW} if name in sys.modules])", *argv)
    assert done.stdout.splitlines()[-1] == "loaded:"


FOR_RUNS = ("sqlalchemy", "alembic", "rich", "asyncssh", "cryptography", "asyncio", "ssl", "concurrent.futures")
ASKING = [  # what contacts no host, and what it has no need of
    (("validate",), FOR_RUNS), (("explain", "here", "file: /tmp/holdfast-quickstart/hello"), FOR_RUNS),
    (("graph", "here"), FOR_RUNS), (("inventory", "list"), (*FOR_RUNS, "jinja2")),
    (("inventory", "select", "env=dev"), FOR_RUNS), (("schema",), (*FOR_RUNS, "jinja2")),
    (("doc", "file"), (*FOR_RUNS, "jinja2")), (("completion", "bash"), (*FOR_RUNS, "jinja2", "yaml", "cerberus")),
]


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory) -> Path:
    """What `holdfast init` makes."""
    folder = tmp_path_factory.mktemp("quickstart")
    assert python("from holdfast.cli.main import entry; entry()", "-C", str(folder), "init").returncode == 0
    return folder


def loaded(folder: Path, *argv: str) -> list[str]:
    """The modules that a command has loaded at its end, which is a good one."""
    done = python("import sys; from holdfast.cli.main import main\n"
                  "code = main(sys.argv[1:], sys.stdout, sys.stderr)\n"
                  "print('loaded:', *sys.modules)\n"
                  "sys.exit(code)", "-C", str(folder), *argv)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1].split()[1:]


@pytest.mark.parametrize(("argv", "slow"), ASKING, ids=[" ".join(argv) for argv, _ in ASKING])
def test_what_contacts_no_host_loads_nothing_that_only_runs_need(quickstart, argv, slow):
    assert set(slow).isdisjoint(loaded(quickstart, *argv))


def test_what_asks_the_store_loads_it(quickstart):
    assert "sqlalchemy" in loaded(quickstart, "runs", "list"), "the control"


def test_a_run_in_a_pipe_draws_nothing_and_loads_nothing_to_draw_with(tmp_path):
    done = python("import sys; from holdfast.cli.main import main; from tests.unit.cli.standin import Standin\n"
                  "main(sys.argv[1:], sys.stdout, sys.stderr, lambda api=Standin(): api)\n"
                  "print('loaded:', *[name for name in ('rich', 'alembic') if name in sys.modules])",
                  "-C", str(tmp_path), "apply")
    assert done.stdout.splitlines()[-1] == "loaded:"
    assert "db1 failed" in done.stdout


def test_a_reader_that_goes_away_does_not_end_the_run(tmp_path):
    code = ("import sys; from holdfast.cli.main import main; from tests.unit.cli.standin import Standin\n"
            "from tests.unit.examples import fleet\n"
            "api = Standin(fleet()[2700:3000])\n"
            "sys.exit(main(sys.argv[1:], sys.stdout, sys.stderr, lambda: api))")
    child = subprocess.Popen([sys.executable, "-c", code, "-C", str(tmp_path), "apply"], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
    with child:
        assert child.stdout.readline().startswith("run ")
        child.stdout.close()
        assert child.stderr.read() == ""
        assert child.wait() == 4
    from holdfast.store import Store
    with Store.open(Path(tmp_path) / ".holdfast" / "holdfast.db") as store:
        assert store.run("last").status == "done"
        assert sum(store.run("last").counts.values()) == 300


def test_an_output_that_is_not_utf_8_gets_signs_it_can_show(tmp_path):
    code = ("import sys; from holdfast.cli.main import main; from tests.unit.cli.standin import Standin\n"
            "main(sys.argv[1:], sys.stdout, sys.stderr, lambda api=Standin(): api)")
    done = subprocess.run([sys.executable, "-c", code, "-C", str(tmp_path), "apply", "--diff"], capture_output=True,
                          env={**ENVIRONMENT, "PYTHONIOENCODING": "ascii"}, check=False)
    assert b"mode: 0600 -> 0644" in done.stdout
    assert done.stdout.isascii()
    assert done.stderr == b""


def test_what_libraries_log_is_not_on_the_screen(tmp_path):
    (tmp_path / ".holdfast").mkdir()
    code = ("import logging, sys; from holdfast.cli.main import main; from tests.unit.cli.standin import Standin\n"
            "class Logging(Standin):\n"
            "    async def between(self, happening, stop):\n"
            "        logging.getLogger('asyncio').error('Task exception was never retrieved')\n"
            "main(sys.argv[1:], sys.stdout, sys.stderr, lambda api=Logging(): api)\n"
            "logging.getLogger('asyncio').error('later, from a thread')")
    done = python(code, "-C", str(tmp_path), "apply")
    assert done.stderr == ""
    assert "Task exception" not in done.stdout
    assert "Task exception was never retrieved" in (tmp_path / ".holdfast" / "errors.log").read_text()


@pytest.mark.parametrize(("argv", "closed", "code"), [
    ("runs list --json", ">&-", 0), ("runs list --json", "2>&-", 0), ("runs list --json", "<&- >&- 2>&-", 0),
    ("--version", ">&-", 0), ("--version", ">/dev/full", 1), ("inventory list --json", ">/dev/full", 1),
])
def test_nobody_hears_it(quickstart, argv, closed, code):
    """The store must not be opened in the place of an output that is closed. A full disk is no defect, and is said."""
    program = f"{sys.executable} -c 'from holdfast.cli.main import entry; entry()' -C {quickstart} {argv} {closed}"
    done = subprocess.run(["sh", "-c", program], capture_output=True, text=True, env=ENVIRONMENT, check=False)
    said = "the output cannot be written any more: No space left on device\n" if code else ""
    assert (done.returncode, done.stderr) == (code, said)
    assert not (quickstart / ".holdfast" / "errors.log").exists()
