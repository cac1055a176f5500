"""Executable inventories: programs that print Ansible's JSON when called with `--list`, or `--host NAME`."""
from __future__ import annotations

import errno
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from holdfast import answers
from holdfast.inventory.ansible_yaml import plain_json
from holdfast.inventory.builder import Builder
from holdfast.inventory.hostpattern import MOST_HOSTS, Wrong
from holdfast.inventory.model import Variable
from holdfast.problems import Place
from holdfast.trees.scalars import Unsafe

ANSWER_BYTES = 64 * 2**20  # the longest answer that is read
AT_ONCE = 8  # calls with --host


class NoProgram(Exception):
    """The file may be executed, but is no program: it is read as text."""


@dataclass(frozen=True, slots=True)
class Script:
    """An executable inventory. path: as the user named it. seconds: how long one call may take. env: the program's
    environment; None: ours."""

    path: str
    seconds: float
    env: Mapping[str, str] | None = None

    def call(self, *arguments: str) -> str:
        """What the program prints. Raises Wrong, and NoProgram if the file is none."""
        shown = " ".join((self.path, *arguments))
        with tempfile.TemporaryFile() as said:
            answer, code, in_time = self._run(arguments, said)
            said.seek(0)
            complaint = said.read(2000).decode("utf-8", "replace").strip()
        mend = f"it said: {complaint.splitlines()[-1]}" if complaint else f"run `{shown}` to see why"
        if not in_time:
            raise Wrong(f"`{shown}` did not answer within {self.seconds:g} s", mend)
        if len(answer) > ANSWER_BYTES:
            raise Wrong(f"`{shown}` answers with more than {ANSWER_BYTES // 2**20} MiB", "let it print less")
        if code != 0:
            ended = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
            raise Wrong(f"`{shown}` {ended}", mend)
        try:
            return answer.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Wrong(f"`{shown}` answers with bytes that are not UTF-8 (at byte {error.start})",
                        "let it print UTF-8") from None

    def _run(self, arguments: tuple[str, ...], said: Any) -> tuple[bytes, int, bool]:
        """The answer, the exit code, and whether it came in time. What it started is ended with it, unless it has made
        itself a session of its own."""
        program = os.path.abspath(self.path)
        try:
            process = subprocess.Popen(  # a session of its own, so that all of it can be ended
                [program, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said,
                env=None if self.env is None else dict(self.env), start_new_session=True)
        except OSError as error:
            if error.errno == errno.ENOEXEC:
                raise NoProgram from None
            raise Wrong(f"`{self.path}` cannot be run: {error.strerror}",
                        "correct its first line (#!…), or take its execute permission away") from None
        until = time.monotonic() + self.seconds
        assert process.stdout is not None
        with process.stdout as pipe:
            try:
                (answer,), in_time = answers.read([pipe.fileno()], until, ANSWER_BYTES)
                if in_time and len(answer) <= ANSWER_BYTES:
                    process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                in_time = False
            finally:
                answers.end(process)
        return answer, process.returncode, in_time


def read_script(builder: Builder, script: Script) -> None:
    """Adds what the program answers; what is wrong goes to the builder's problems. Raises NoProgram."""
    place = Place(script.path)
    try:
        _Answer(builder, place).take(_json(script.call("--list"), script.path + " --list"), script)
    except Wrong as wrong:
        builder.refuse(wrong.what, place, wrong.mend)


def _json(text: str, shown: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except RecursionError:
        raise Wrong(f"`{shown}` answers with JSON that is nested too deep", "let it print flatter JSON") from None
    except ValueError as error:
        raise Wrong(f"`{shown}` does not answer with JSON: {error}", "let it print nothing else on stdout") from None
    if not isinstance(value, dict):
        raise Wrong(f"`{shown}` answers with JSON that is no object", "let it print {…}")
    return value


class _Answer:
    """Reads one answer into the builder."""

    def __init__(self, builder: Builder, place: Place) -> None:
        self.builder, self.place = builder, place
        self.hosts: dict[str, None] = {}

    def take(self, answer: dict[str, Any], script: Script) -> None:
        hostvars = None
        if "_meta" in answer:
            meta = answer.pop("_meta")
            hostvars = meta.get("hostvars") if isinstance(meta, dict) else None
            if not isinstance(hostvars, dict):
                raise Wrong("`_meta.hostvars` is no object",
                            "let the program print it as {…}, or leave `_meta` out: then it is called with --host")
        for name, data in answer.items():
            try:
                self.group(name, data)
            except Wrong as wrong:
                self.builder.refuse(wrong.what, self.place, wrong.mend)
        if hostvars is None:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                asked = pool.map(lambda host: _ask(script, host), self.hosts)
                hostvars = dict(zip(self.hosts, asked, strict=True))
        for host in self.hosts:
            variables = hostvars.get(host, {})
            if not isinstance(variables, dict):
                self.builder.refuse(f"the variables of `{host}` are no object", self.place, "let the program print {…}")
                continue
            self.set_variables(host, variables)

    def group(self, name: str, data: Any) -> None:
        self.builder.add_group(name)
        if not isinstance(data, dict):
            data = {"hosts": data}
        elif not data.keys() & {"hosts", "vars", "children"}:
            data = {"hosts": [name], "vars": _inert(data)}  # an old form: a host with its variables, none a template
        for key, kind in (("hosts", list), ("vars", dict), ("children", list)):
            if key in data and not isinstance(data[key], kind):
                raise Wrong(f"`{key}` of the group `{name}` is no {'list' if kind is list else 'object'}",
                            "correct what the program prints")
        for host in data.get("hosts", ()):
            self.builder.add_host(host, name, None, self.place)
            self.hosts[host] = None
        if len(self.hosts) > MOST_HOSTS:
            raise Wrong(f"these are more than {MOST_HOSTS} hosts", "let the program print fewer")
        self.set_variables(name, data.get("vars", {}))
        for child in data.get("children", ()):
            self.builder.add_child(name, self.builder.add_group(child))

    def set_variables(self, name: str, variables: dict[str, Any]) -> None:
        for key, value in variables.items():
            try:
                self.builder.set_variable(name, key, Variable(plain_json(value), self.place, literal=True))
            except Wrong as wrong:
                self.builder.refuse(f"{name}: {key}: {wrong.what}", self.place, wrong.mend)


def _inert(value: Any) -> Any:
    """The data with all texts in it marked as no templates."""
    if isinstance(value, dict):
        return {key: _inert(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_inert(each) for each in value]
    return Unsafe(value) if isinstance(value, str) else value


def _ask(script: Script, host: str) -> dict[str, Any]:
    text = script.call("--host", host)
    return _json(text, f"{script.path} --host {host}") if text.strip() else {}
