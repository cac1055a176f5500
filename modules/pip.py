"""pip: packages of Python are in a virtual environment, or in the host's own Python."""
from __future__ import annotations

import re
from typing import Any, ClassVar, Dict, List, Optional, Sequence, Tuple

from holdfast_host import (
    Change,
    Declared,
    Failed,
    Field,
    Identity,
    Record,
    Refused,
    Resource,
    arg,
    attributes,
    checks,
    files,
    process,
    regular,
)
from holdfast_host.files import DIRECTORY, FileState

NAME = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[A-Za-z0-9._, -]*\])?\s*")
SPECIFIER = re.compile(r"(?:(?:===|==|~=|!=|<=|>=|<|>)\s*[A-Za-z0-9.*+!_-]+\s*,?\s*)*\Z")
# Asked of the Python that is meant, by the rules of its own pip. In: requirements, a line each. Out: JSON.
ASK = r"""
import json, os, sys, sysconfig
try:
    from pip._vendor.packaging.requirements import Requirement
    from pip._vendor.packaging.utils import canonicalize_name
    from importlib import metadata
except ImportError as error:
    json.dump({"fault": str(error)}, sys.stdout); sys.exit()
there = {}
for one in metadata.distributions():
    if one.metadata["Name"]:
        there.setdefault(canonicalize_name(one.metadata["Name"]), one.version)
rows = []
for line in sys.stdin.read().splitlines():
    try:
        need = Requirement(line)
    except Exception as error:
        rows.append([line, "", None, False, str(error)]); continue
    if need.marker is not None and not need.marker.evaluate({"extra": ""}):
        continue
    version = there.get(canonicalize_name(need.name))
    fits = version is not None and need.specifier.contains(version, prereleases=True)
    rows.append([line, canonicalize_name(need.name), version, fits, ""])
managed = sys.prefix == sys.base_prefix and os.path.exists(
    os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED"))
json.dump({"fault": "", "rows": rows, "managed": managed}, sys.stdout)
"""


def _packages(given: Sequence[str]) -> None:
    for text in given:
        match = NAME.match(text)
        if match is None or not SPECIFIER.match(text[match.end():]):
            raise Refused("", "`%s` is not a package with a version" % text, "as flask, flask==3.0.3")


class Need(Record):
    """A requirement. name: plain; version: what is there, None: nothing; fits: whether that is enough."""

    text: str
    name: str
    version: Optional[str]
    fits: bool
    fault: str = ""


class Observed(Record):
    """place: what stands where the virtual environment is to be. fresh: what a new one would be there. fault:
    (argument, what, mend): why nothing can be said. needs: what is declared. outdated: newer versions, by name."""

    place: Optional[FileState]
    fresh: Optional[FileState] = None
    owner: Optional[str] = None
    fault: Tuple[str, ...] = ()
    needs: Tuple[Need, ...] = ()
    is_managed: bool = False
    is_made: bool = True
    outdated: Tuple[Tuple[str, str], ...] = ()


class Pip(Resource):
    """Packages of Python are in a virtual environment, which is made when it is missing, or in the host's own Python.

    A Python that the system's package manager looks after (EXTERNALLY-MANAGED, as on Debian) is refused.
    """

    barrier: ClassVar[bool] = True
    example: ClassVar[str] = """
        - pip: libraries of the app
          virtualenv: /srv/app/venv
          packages: [gunicorn, "flask>=3,<4"]
          user: app
        - pip: what the project asks for
          virtualenv: /srv/app/venv
          requirements: /srv/app/requirements.txt
    """

    packages: Tuple[str, ...] = arg((), check=_packages, doc="The packages, with or without versions: `flask`, "
                                    "`flask==3.0.3`, `flask>=3,<4`.")
    requirements: Optional[str] = arg(None, check=checks.absolute, doc="A file on the host with more of them, a line "
                                      "each, as pip reads it; without `-r`, `-c` and `-e` in it.")
    virtualenv: Optional[str] = arg(None, check=checks.absolute, doc="The virtual environment; without it, the host's "
                                    "own Python is meant.")
    python: str = arg("python3", check=checks.one_line, doc="Which Python makes the virtual environment, or is meant "
                      "without one.")
    state: str = arg("present", choices=("present", "latest", "absent"), doc="`latest` asks the index for newer ones "
                     "at each run; `absent` removes the packages.")
    user: Optional[str] = arg(None, check=checks.account, doc="As whom pip runs, to whom a new virtual environment "
                              "belongs.")
    index_url: Optional[str] = arg(None, check=checks.one_line, doc="Where packages come from, in place of PyPI.")
    find_links: Optional[str] = arg(None, check=checks.absolute, doc="A directory on the host with packages: no index "
                                    "is asked.")

    def check(self) -> None:
        if not self.packages and self.requirements is None:
            raise Refused("packages", "is missing", "add `packages: [flask]`, or `requirements:`")
        if self.state == "absent" and self.requirements is not None:
            raise Refused("requirements", "is given for what is to be absent", "name the packages")
        if self.index_url is not None and not re.match(r"(?:https?|file)://\S+\Z", self.index_url):
            raise Refused("index_url", "`%s` is not an address" % self.index_url, "as https://pypi.example.org/simple")
        if self.index_url is not None and self.find_links is not None:
            raise Refused("find_links", "and `index_url` are both given", "remove one of them")
        if re.match(r"\w+://[^/]*@", self.index_url or ""):
            raise Refused("index_url", "holds a user or password, which other users would see", "use pip's own netrc")

    def provides(self) -> Sequence[Identity]:
        return tuple(("pip", "%s: %s" % (self.virtualenv or self.python, _name(text))) for text in self.packages)

    def wants(self) -> Sequence[Identity]:
        paths = tuple(("path", path) for path in (self.requirements, self.find_links) if path)
        venv = regular.wants(self.virtualenv, self.user) if self.virtualenv else ()
        return (("package", "python3-venv"), ("package", "python3-pip"), *venv, *paths)

    # -- looking -----------------------------------------------------------------------------------------------------

    def observe(self) -> Observed:
        if self.virtualenv is None:
            return self._asked(None, None)
        place = files.look(files.real(self.virtualenv))
        fresh = files.fresh(self.virtualenv, DIRECTORY)
        if process.which(self.python) is None:
            return Observed(place, fresh, fault=("python", "there is no %s on this host" % self.python, "declare it"))
        own = "%s/bin/python" % self.virtualenv
        if files.look(own) is None:
            return self._unmade(place, fresh)
        if files.look(files.real(own)) is None:
            return Observed(place, fresh, fault=(
                "virtualenv", "was made with %s, which is not there any more" % files.real(own),
                "remove %s: then it is made anew" % self.virtualenv))
        return self._asked(place, fresh)

    def _unmade(self, place: Optional[FileState], fresh: Optional[FileState]) -> Observed:
        needs = tuple(Need(text, _name(text), None, False) for text in self._all())
        if self.state != "absent" and process.run([self.python, "-I", "-c", "import ensurepip, venv"]).code != 0:
            return Observed(place, fresh, fault=("python", "%s cannot make virtual environments" % self.python,
                                                 "declare `package: python3-venv`"), needs=needs, is_made=False)
        return Observed(place, fresh, self.user and files.owner_as_shown(self.user), (), needs, False, False)

    def _asked(self, place: Optional[FileState], fresh: Optional[FileState]) -> Observed:
        import json

        given = "\n".join(self._all()).encode("utf-8", "surrogateescape")
        done = process.run([self._python(), "-I", "-c", ASK], stdin=given or b"\n", user=self.user)
        if done.code != 0:
            what = "%s does not run: %s" % (self._python(), done.said(300))
            return Observed(place, fresh, fault=("python", what, "mend it, or name another"))
        told: Dict[str, Any] = json.loads(done.stdout)
        if told["fault"] and self.virtualenv is not None:
            return self._unmade(place, fresh)  # a run that was interrupted left it half: pip comes last into it
        if told["fault"]:
            return Observed(place, fresh, fault=("", "pip is missing in %s" % self._python(),
                                                 "declare `package: python3-pip`, or use `virtualenv`"))
        needs = tuple(Need(*row) for row in told["rows"])
        wrong = next((need for need in needs if need.fault), None)
        if wrong is not None:
            return Observed(place, fresh, fault=("requirements", "`%s`: %s" % (wrong.text, wrong.fault), ""))
        return Observed(place, fresh, None, (), needs, told["managed"], True, self._outdated(needs))

    def _outdated(self, needs: Sequence[Need]) -> Tuple[Tuple[str, str], ...]:
        if self.state != "latest":
            return ()
        import json

        done = self._pip("list", "--outdated", "--format", "json", *self._from()).must("cannot ask for newer packages")
        names = {need.name for need in needs}
        rows = [(re.sub(r"[-_.]+", "-", one["name"]).lower(), one["latest_version"]) for one in json.loads(done.stdout)]
        return tuple(row for row in rows if row[0] in names)

    def _all(self) -> List[str]:
        """All requirements, those of the file included. Raises Refused for what is not followed there."""
        found = list(self.packages)
        data = files.read(self.requirements) if self.requirements else b""
        if data is None:
            raise Refused("requirements", "%s does not exist" % self.requirements, "declare it as a `file`")
        for line in data.decode("utf-8", "surrogateescape").replace("\\\n", " ").splitlines():
            plain = re.sub(r"(?:\A|\s)#.*", "", line).strip()
            if re.match(r"-(?:r|c|e|-requirement|-constraint|-editable)\b", plain):
                raise Refused("requirements", "holds `%s`, which is not followed" % plain, "write the packages into it")
            if plain and not plain.startswith("-"):
                found.append(re.split(r"\s--?[a-z]", plain)[0].strip())
        return found

    # -- deciding ----------------------------------------------------------------------------------------------------

    def diff(self, observed: Observed) -> Optional[Change]:
        if self.state == "absent" and not observed.is_made:
            return None
        if observed.fault:
            raise Refused(*observed.fault)
        if observed.place is not None and observed.place.kind != DIRECTORY:
            raise Refused("virtualenv", "%s is no directory" % self.virtualenv, "name another path")
        newer = dict(observed.outdated)
        fields: List[Field] = []
        for need in observed.needs:
            if self.state == "absent" and need.version is not None:
                fields.append(Field(need.name, need.version, None))
            elif self.state != "absent" and not need.fits:
                fields.append(Field(need.name, need.version, need.text))
            elif need.name in newer:
                fields.append(Field(need.name, need.version, newer[need.name]))
        if fields and observed.is_managed:
            raise Refused("virtualenv", "is missing, and this Python is looked after by the system's package manager",
                          "add `virtualenv: /srv/app/venv`, or declare the distribution's `package`")
        if not observed.is_made:
            if observed.place is None and observed.fresh is None:
                raise regular.no_folder(self.virtualenv or "")
            fields.insert(0, Field("virtualenv", None, self.virtualenv))
        if not fields:
            return None
        planned: Dict[str, Optional[FileState]] = {}
        if not observed.is_made and observed.place is None and observed.fresh is not None and self.virtualenv:
            planned[self.virtualenv] = attributes.dressed(observed.fresh, observed.owner, None, None)
        return Change("delete" if self.state == "absent" else "install", tuple(fields), planned, observed)

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        if observed.is_made or observed.place is not None:
            raise Failed("the packages that came or went along with these are not known")
        return (("directory", {"path": self.virtualenv, "state": "absent", "force": True}),)

    # -- doing -------------------------------------------------------------------------------------------------------

    def converge(self, change: Change) -> None:
        observed: Observed = change.payload
        if self.state == "absent":
            names = [field.name for field in change.fields]
            self._pip("uninstall", "-y", "-q", *names).must("cannot remove %s" % ", ".join(names))
            return
        if not observed.is_made and self.virtualenv:
            planned = change.files.get(self.virtualenv)
            if planned is not None:
                files.make_directory(self.virtualenv, planned, lambda: files.look(self.virtualenv or "") is None)
            process.run([self.python, "-m", "venv", self.virtualenv], user=self.user).must(
                "cannot make the virtual environment (is python3-venv there?)")
        upgrade = ["--upgrade"] if self.state == "latest" else []
        file = ["-r", self.requirements] if self.requirements else []
        done = self._pip("install", "-q", "--no-input", *upgrade, *self._from(), *file, *self.packages)
        done.must("cannot install")

    def _python(self) -> str:
        return "%s/bin/python" % self.virtualenv if self.virtualenv else self.python

    def _from(self) -> List[str]:
        if self.find_links:
            return ["--no-index", "--find-links", self.find_links]
        return ["--index-url", self.index_url] if self.index_url else []

    def _pip(self, *words: str) -> process.Finished:
        return process.run([self._python(), "-I", "-m", "pip", "--disable-pip-version-check", *words], user=self.user)


def _name(text: str) -> str:
    """The plain name of a requirement."""
    match = NAME.match(text)
    return re.sub(r"[-_.]+", "-", match.group(1)).lower() if match else text
