"""What is done to hosts to break them, and how results are written down."""
from __future__ import annotations

from xml.etree import ElementTree

from holdfast.testing import junit
from holdfast.testing.model import CaseResult, Step
from holdfast.testing.vandal import vandalism
from holdfast_host.graph import Node
from holdfast_host.values import Join, SecretRef, to_wire


def node(type_: str, name: str, **args: object) -> Node:
    return Node(f"{type_}: {name}", type_, to_wire({"path" if type_ != "service" else "name": name, **args}))


def test_what_is_broken_is_what_is_declared():
    deeds = {deed.id: deed.command for deed in vandalism([
        node("file", "/a b", content="x"), node("file", "/secret", content=Join(("x", SecretRef("s")))),
        node("file", "/gone", state="absent"), node("directory", "/d", mode="0701"), node("directory", "/free"),
        node("link", "/l", to="/a"), node("service", "nginx", running=True), node("service", "ssh", running=True),
        node("service", "off", running=False), node("file", "/a b", mode="0600"), node("command", "x", run="true")])}
    assert deeds == {"file: /a b": "echo vandal >> '/a b'", "file: /secret": "echo vandal >> /secret",
                     "directory: /d": "chmod 0700 /d", "link: /l": "rm -f /l",
                     "service: nginx": "systemctl stop nginx"}


def test_junit_has_a_case_a_step(tmp_path):
    junit.write([CaseResult("web", (Step("apply", "passed", 1.5, ("1 changed",)),
                                Step("drift", "failed", 0.25, ("h1: \x1b[31m<lost>", "more")),
                                Step("heal", "skipped", 0.0, ("a step before it failed",))))], tmp_path / "r.xml")
    suite, = ElementTree.parse(tmp_path / "r.xml").getroot()
    assert {key: suite.get(key) for key in ("name", "tests", "failures", "skipped", "time")} == {
        "name": "web", "tests": "3", "failures": "1", "skipped": "1", "time": "1.750"}
    passed, failed, skipped = suite
    assert passed.findtext("system-out") == "1 changed" and passed.get("name") == "apply"
    assert failed.find("failure").get("message") == "h1: \ufffd[31m<lost>"
    assert failed.findtext("failure").endswith("more") and skipped.find("skipped") is not None
