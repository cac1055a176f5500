"""What holds for every built-in type: it documents itself, its example is right, it writes files in one way."""
import ast
import importlib
import inspect
from pathlib import Path

import pytest

from holdfast_host import Blob, Refused, Resource
from holdfast_host.resource import faults, type_name

yaml = pytest.importorskip("yaml")
FOLDER = Path(__file__).parents[3] / "modules"
SOURCES = sorted(path for path in FOLDER.glob("*.py") if path.stem != "__init__")
COMMON = {"when", "loop", "requires", "notify", "watch", "limit", "register", "vars"}  # keys that any resource may have
WRITERS = {"open", "write", "truncate", "rename", "replace", "unlink", "remove", "rmdir", "mkdir", "makedirs",
           "symlink", "link", "chmod", "chown", "lchown"}  # of `os`


def types():
    for path in SOURCES:
        module = importlib.import_module("modules." + path.stem)
        for value in vars(module).values():
            if inspect.isclass(value) and issubclass(value, Resource) and value.__module__ == module.__name__:
                yield value


TYPES = list(types())


def named(cls):
    return pytest.mark.parametrize("cls", TYPES, ids=type_name)(cls)


@named
def test_every_argument_and_the_type_itself_have_a_doc(cls):
    assert cls.__doc__
    assert inspect.cleandoc(cls.__doc__).split("\n\n")[0].endswith(".")
    assert all(argument.doc.strip().endswith((".", "…")) for argument in cls._args_.values())
    assert not cls.named or cls.named in cls._args_


@named
def test_the_example_is_accepted(cls):
    entries = yaml.safe_load(inspect.cleandoc(cls.example))
    own = [entry for entry in entries if next(iter(entry)) == type_name(cls)]
    assert own, "an example shows its own type"
    for entry in own:
        name, given = next(iter(entry.values())), {k: v for k, v in list(entry.items())[1:] if k not in COMMON}
        for key, argument in cls._args_.items():
            if argument.controller and key in given:
                given[key] = Blob.of(b"of the controller")
            if argument.kind == "bool" and "{{" in str(given.get(key)):
                given[key] = True  # what the template gives
        if cls.named:
            given[cls.named] = name
        assert [str(fault) for fault in faults(cls, given)] == []


@named
def test_an_argument_that_is_misspelt_is_refused_with_the_right_one(cls):
    word = next(iter(cls._args_))
    assert f"did you mean `{word}`?" in str(faults(cls, {word + "x": "1"})[0])


def writes(source):
    """Calls that write files past `files`: (line, what)."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            if {"shutil", "tempfile", "pathlib"} & set(names):
                yield node.lineno, "import"
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id == "open":
            mode = [a.value for a in node.args[1:2] + [k.value for k in node.keywords if k.arg == "mode"]
                    if isinstance(a, ast.Constant)]
            if any(set(str(m)) & set("wax+") for m in mode):
                yield node.lineno, "open"
        if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name) and \
                node.func.value.id == "os" and node.func.attr in WRITERS:
            yield node.lineno, "os." + node.func.attr


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_files_are_written_in_one_way_only(path):
    assert list(writes(path.read_text())) == []


@pytest.mark.parametrize("source", [
    "open(p, 'w')", "open(p, mode='ab')", "import shutil", "from pathlib import Path", "os.rename(a, b)", "os.mkdir(a)",
])
def test_other_ways_would_be_seen(source):
    assert list(writes(source))


@pytest.mark.parametrize("source", ["open(p, 'rb')", "files.replace(p, d, e)", "text.replace(a, b)", "os.listdir(p)"])
def test_reading_is_not_taken_for_writing(source):
    assert not list(writes(source))


def test_a_rule_between_arguments_is_told_before_any_host_is_touched():
    from modules.file import File

    with pytest.raises(Refused, match="both given"):
        File(path="/f", content="", source=Blob.of(b""))
