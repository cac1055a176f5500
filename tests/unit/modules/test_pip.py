"""What a user can see of `pip`: real virtual environments, and packages from a folder; no index is asked."""
import io
import shutil
import subprocess
import zipfile

import pytest

from holdfast_host import Refused
from modules.pip import Pip
from tests.unit.modules.settling import shown


def wheel(name, version):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as whole:
        info = f"{name}-{version}.dist-info"
        whole.writestr(f"{name}.py", f"version = {version!r}\n")
        whole.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        whole.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        whole.writestr(f"{info}/RECORD", "")
    return out.getvalue()


@pytest.fixture(scope="module")
def links(tmp_path_factory):
    folder = tmp_path_factory.mktemp("links")
    for name, version in (("contract_one", "1.0"), ("contract_one", "2.0"), ("contract_two", "0.1")):
        (folder / f"{name}-{version}-py3-none-any.whl").write_bytes(wheel(name, version))
    return str(folder)


def settle(one):
    change = one.diff(one.observe())
    if change is not None:
        one.converge(change)
        assert one.diff(one.observe()) is None, "a second run would change it again"
    return shown(change)


def has(venv, name):
    done = subprocess.run([venv / "bin/python", "-c", f"import {name}; print({name}.version)"], capture_output=True,
                          text=True, check=False)
    return done.stdout.strip() or None


def test_packages_come_change_and_go(tmp_path, links):
    venv = tmp_path / "venv"
    common = {"virtualenv": str(venv), "find_links": links}
    assert settle(Pip(packages=["Contract.One<2", "contract-two"], **common)) == {
        "virtualenv": (None, str(venv)), "contract-one": (None, "Contract.One<2"),
        "contract-two": (None, "contract-two")}
    assert (has(venv, "contract_one"), has(venv, "contract_two")) == ("1.0", "0.1")
    assert settle(Pip(packages=["contract_one"], **common)) == {}, "any version is one"
    asked = tmp_path / "requirements.txt"
    asked.write_text("# all\ncontract_one == 2.0 ; python_version > '3'\nnever ; python_version < '3'\n\n")
    assert set(settle(Pip(requirements=str(asked), **common))) == {"contract-one"}
    assert settle(Pip(packages=["contract_one", "never"], state="absent", virtualenv=str(venv))) == {
        "contract-one": ("2.0", None)}
    assert has(venv, "contract_one") is None
    for part in venv.glob("lib/python*/site-packages/pip*"):
        shutil.rmtree(part)
    assert "virtualenv" in settle(Pip(packages=["contract-two"], **common)), "a half one is made good"
    assert has(venv, "contract_two") == "0.1"


def test_a_python_that_cannot_do_it_is_told_in_the_plan(tmp_path):
    (tmp_path / "poor").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "poor").chmod(0o755)
    poor = Pip(packages=["x"], virtualenv=str(tmp_path / "venv"), python=str(tmp_path / "poor"))
    with pytest.raises(Refused, match="cannot make virtual environments: declare `package: python3-venv`"):
        poor.diff(poor.observe())
    (tmp_path / "old/bin").mkdir(parents=True)
    (tmp_path / "old/bin/python").symlink_to("/usr/bin/python3.2")
    old = Pip(packages=["x"], virtualenv=str(tmp_path / "old"))
    with pytest.raises(Refused, match=r"made with /usr/bin/python3\.2, which is not there any more: remove"):
        old.diff(old.observe())


@pytest.mark.parametrize(("text", "what"), [("-r other.txt\n", "is not followed"), ("a b c\n", "a b c")])
def test_file_that_is_not_understood_is_refused(tmp_path, links, text, what):
    (tmp_path / "r").write_text(text)
    one = Pip(requirements=str(tmp_path / "r"), python="python3", find_links=links)
    with pytest.raises(Refused, match=what):
        one.diff(one.observe())


@pytest.mark.parametrize(("arguments", "what"), [
    ({}, "`packages` is missing"), ({"packages": ["--index-url=x"]}, "is not a package"),
    ({"packages": ["a @ https://x"]}, "is not a package"), ({"packages": ["a>"]}, "is not a package"),
    ({"packages": ["a"], "index_url": "https://u:p@x/"}, "holds a user"),
    ({"requirements": "/r", "state": "absent"}, "to be absent"),
])
def test_what_is_no_package_is_refused(arguments, what):
    with pytest.raises(Refused, match=what):
        Pip(**arguments)
