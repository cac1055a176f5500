"""ansible_module: any module of Ansible as a resource; its check mode is what a plan sees."""
from __future__ import annotations

import json
import os
import sys
import zipfile
from typing import Any, ClassVar, Dict, Iterator, List, Mapping, Optional, Tuple

from holdfast_host import (
    ALLOWED,
    Blob,
    Change,
    Failed,
    Field,
    Outputs,
    Record,
    Refused,
    Resource,
    arg,
    nameless,
    process,
)

ENTRY = "holdfast_entry"  # what the controller has put first into the archive: the module's name
LONGEST = 4000  # characters of what a module says, in a message

# Started as a program of its own: the module ends its process when it has answered.
START = """\
import runpy, sys
sys.path = [sys.argv[1]] + [path for path in sys.path if path not in ("", ".")]
lib, name = sys.argv[1:3]
given = sys.stdin.buffer.read()
sys.argv = [name]
from ansible.module_utils import basic
basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = given, "legacy"
runpy.run_module(name, init_globals={"_module_fqn": name, "_modlib_path": lib}, run_name="__main__", alter_sys=True)
"""
SETTINGS: Mapping[str, Any] = {
    "diff": True, "no_log": False, "debug": False, "verbosity": 0, "version": "2.17", "keep_remote_files": False,
    "syslog_facility": "LOG_USER", "selinux_special_fs": ["fuse", "nfs", "vboxsf", "ramfs", "9p", "vfat"],
    "socket": None, "shell_executable": "/bin/sh", "tmpdir": None, "remote_tmp": "~/.ansible/tmp",
}
HIDDEN = ("invocation", "diff", "exception", "warnings", "deprecations", "ansible_facts", "_ansible_no_log")


class Observed(Record):
    """What the module answers in check mode."""

    answer: Mapping[str, Any]


class AnsibleModule(Resource):
    """A module of Ansible is carried out on the host, for what has no type here. Ansible is needed beside Holdfast
    (`pip install ansible-core`), and nothing of it on the host.

    What a plan shows is what the module answers in check mode. It looks at the host as it is, so earlier changes may
    alter it, which is said. A module without check mode is shown as not known, and is carried out, and told as a
    change, in each run. After a change the module is asked again: one that would then change something once more has
    failed, unless `always` says that it does so each time.
    """

    module: Blob = arg(controller="ansible", doc="The module's name: `lineinfile`, `community.general.ini_file`. "
                       "Those of which a part runs on the controller are refused, and the type is named that stands in "
                       "their place.")
    arguments: Any = arg({}, secret=ALLOWED, doc="The module's arguments, as a mapping. What is secret in them has to "
                         "be marked as everywhere.")
    always: bool = arg(False, doc="It changes something in each run; each run then reports a change.")
    read_only: bool = arg(False, doc="It only looks, as `uri` or `wait_for` do: it is carried out each time, in plans "
                          "too, for its `result`, and is never a change.")

    gives: ClassVar[Tuple[str, ...]] = ("result",)
    barrier: ClassVar[bool] = True
    blind: ClassVar[bool] = True
    example: ClassVar[str] = """
        - ansible_module: the registry is known to git
          module: community.general.git_config
          arguments: {name: url.https://.insteadOf, value: "git://", scope: system}
        - ansible_module: no root login
          module: lineinfile
          arguments:
            path: /etc/ssh/sshd_config
            regexp: ^#?PermitRootLogin
            line: PermitRootLogin no
    """

    def check(self) -> None:
        if not isinstance(self.arguments, Mapping) or not all(isinstance(name, str) for name in self.arguments):
            raise Refused("arguments", "are not a mapping", "write `name: value` lines, without dashes")
        for name in self.arguments:
            if name.startswith("_ansible_"):
                raise Refused("arguments", "`%s` is set by Holdfast" % name, "leave it out")
        if self.always and self.read_only:
            raise Refused("read_only", "and `always` exclude each other", "leave one of them out")

    def is_once(self) -> bool:
        return self.always

    def observe(self) -> Observed:
        return Observed(self._answer(check=not self.read_only))

    def diff(self, observed: Observed) -> Optional[Change]:
        answer = observed.answer
        if answer.get("failed"):
            raise Refused("arguments", "are refused by the module: %s" % _said(answer), "see what it needs")
        if self.read_only:
            return None
        if self.always:
            return Change("run", tuple(_fields(answer)) if answer.get("changed") else ())
        if answer.get("skipped") and not answer.get("changed"):
            return Change("run", unknown="the module has no check mode: what it would do is not known")
        return Change("update", tuple(_fields(answer))) if answer.get("changed") else None

    def remaining(self, change: Change, observed: Observed) -> Optional[Change]:
        if self.always or observed.answer.get("skipped"):
            return None
        return self.diff(observed)

    def converge(self, change: Change) -> Outputs:
        answer = self._answer(check=False)
        if answer.get("failed"):
            raise Failed("the module failed: %s" % _said(answer))
        return {"result": _plain(answer)}

    def outputs(self, observed: Observed) -> Outputs:
        return {"result": _plain(observed.answer)}

    def _answer(self, check: bool) -> Dict[str, Any]:
        """What the module says. Raises Failed when it says nothing that can be read, NeedBlob."""
        data = self.module.data()
        given = {**self.arguments, "_ansible_check_mode": check,
                 **{"_ansible_" + name: value for name, value in SETTINGS.items()}}
        with nameless.file(data) as path, process.Listening(lambda *_: None):
            shared = path.replace("/self/", "/%d/" % os.getpid())  # found by what the module starts, too
            with zipfile.ZipFile(path) as archive:
                name = archive.read(ENTRY).decode("ascii")
            given["_ansible_module_name"] = name.rpartition(".")[2]
            text = json.dumps({"ANSIBLE_MODULE_ARGS": given}).encode("ascii")
            done = process.run([sys.executable, "-c", START, shared, name], stdin=text)
        return _read(done)


def _read(done: process.Finished) -> Dict[str, Any]:
    """The answer among what was printed: one JSON mapping, mostly alone. Raises Failed."""
    start, end = done.stdout.find("{"), done.stdout.rfind("}")
    try:
        answer = json.loads(done.stdout[start:end + 1]) if start >= 0 else None
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise Failed("the module %s without an answer" % done.ending(), done.said())
    if done.code != 0:
        answer.setdefault("failed", True)
    return answer


def _said(answer: Mapping[str, Any]) -> str:
    parts = [answer.get(name) for name in ("msg", "stderr", "module_stderr")]
    return "; ".join(str(part).strip() for part in parts if part)[:LONGEST] or "it does not say why"


def _plain(answer: Mapping[str, Any]) -> Dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in HIDDEN and not name.startswith("_ansible")}


def _fields(answer: Mapping[str, Any]) -> Iterator[Field]:
    """What the module shows of the change; without that, what it says."""
    shown = answer.get("diff") or []
    found: List[Field] = []
    for number, one in enumerate(shown if isinstance(shown, list) else [shown]):
        if isinstance(one, Mapping):
            found += _differences(one, number)
    if found:
        return iter(found)
    said = answer.get("msg") if isinstance(answer.get("msg"), str) else ""
    return iter((Field("change", None, said or "the module does not say which"),))


def _differences(one: Mapping[str, Any], number: int) -> List[Field]:
    name = str(one.get("after_header") or one.get("before_header") or "diff") + (" (%d)" % number if number else "")
    if one.get("prepared"):
        return [Field(name, None, str(one["prepared"]))]
    before, after = one.get("before"), one.get("after")
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return [Field(str(key), before.get(key), after.get(key)) for key in sorted({*before, *after}, key=str)
                if before.get(key) != after.get(key)]
    if before == after:
        return []
    return [Field(name, _content(before), _content(after))]


def _content(value: Any) -> Any:
    """Texts of several lines are shown as a diff."""
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) and "\n" in value else value
