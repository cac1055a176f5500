"""Values and arguments: what is accepted, what is refused and with which mend, and the marks on the wire."""
from __future__ import annotations

from typing import Any, ClassVar, Dict, Optional, Tuple  # noqa: UP035  # kinds are told by the text that hosts can read

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_host import ALLOWED, Failed, Refused, Resource, arg, checks
from holdfast_host.resource import faults, type_name
from holdfast_host.values import Blob, Join, Output, SecretRef, from_wire, references, resolve, secret_names, to_wire

plain = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)
                     | st.dictionaries(st.text() | st.sampled_from(["$blob", "$plain", "$join"]), inner, max_size=3))


class Thing(Resource):
    """For these tests."""

    path: str = arg(doc="p", check=checks.absolute)
    mode: Optional[str] = arg(None, doc="m", check=checks.mode)  # noqa: UP045  # as above
    state: str = arg("present", doc="s", choices=("present", "absent"))
    count: int = arg(1, doc="c")
    on: bool = arg(False, doc="o")
    names: Tuple[str, ...] = arg((), doc="n")  # noqa: UP006  # as above
    env: Dict[str, str] = arg({}, doc="e", secret=ALLOWED)  # noqa: UP006  # as above
    named: ClassVar[str] = "path"

    def check(self) -> None:
        if self.state == "absent" and self.mode:
            raise Refused("mode", "says nothing of what is absent", "leave it out")


@pytest.mark.parametrize(("given", "said"), [
    ({"path": "etc"}, "`path` `etc` is not an absolute path: begin it with /"),
    ({"path": "/a//b/"}, "`path` `/a//b/` is not in its shortest form: write /a/b"),
    ({"path": "/a", "onwer": "x"}, "`onwer` is not an argument of thing"),
    ({"path": "/a", "nmes": []}, "`nmes` is not an argument of thing: did you mean `names`?"),
    ({"path": "/a", "mode": 493}, '`mode` `493` is not a mode: put it in quotes: "0755"'),
    ({"path": "/a", "mode": "644"}, '`mode` `644` is not a mode: put it in quotes: "0644"'),
    ({"path": "/a", "state": "presnt"}, "`state` is present or absent, not `presnt`: did you mean `present`?"),
    ({"path": "/a", "names": "x"}, "`names` is a list, not `x`: write [x]"),
    ({"path": "/a", "on": "yes"}, "`on` is true or false, not `yes`: write true or false, or use `| bool`"),
    ({"path": "/a", "count": "3"}, "`count` is a whole number, not `3`: write it without quotes, or use `| int`"),
    ({"path": True}, '`path` is text, not `true`: put it in quotes: "true"'),
    ({}, "`path` is missing: add `path:` (p)"),
    ({"path": "/a", "state": "absent", "mode": "0644"}, "`mode` says nothing of what is absent: leave it out"),
])
def test_wrong_argument_is_refused_with_its_mend(given: dict[str, Any], said: str) -> None:
    assert said in [str(fault) if "known" not in str(fault) else str(fault).split(": known")[0]
                    for fault in faults(Thing, given)]
    with pytest.raises(Refused):
        Thing(**given)


def test_right_arguments_are_accepted_and_frozen() -> None:
    given: dict[str, Any] = {"path": "/a", "mode": "0644", "names": ["x", 1], "env": {"A": "b"}}
    thing = Thing(**given)
    assert (thing.names, thing.count, faults(Thing, {"path": "/a"})) == (("x", "1"), 1, [])
    with pytest.raises(AttributeError, match="frozen"):
        thing.path = "/b"  # type: ignore[misc]  # that is the test


def test_all_faults_are_found_at_once() -> None:
    assert [fault.argument for fault in faults(Thing, {"path": "x", "mode": "9", "foo": 1})] == ["foo", "path", "mode"]


@given(plain)
def test_wire_gives_back_what_it_got(value: Any) -> None:
    assert from_wire(to_wire(value)) == value


def test_marks_travel_and_are_resolved() -> None:
    value = {"a": Join(("x=", Output("command: c", "stdout"), ";", SecretRef("pw"))), "b": [Blob("0" * 64, 3)],
             "c": Output("command: c", "n")}
    assert from_wire(to_wire(value)) == value
    assert references(value) == [Output("command: c", "stdout"), Output("command: c", "n")]
    assert secret_names(value) == ["pw"]
    assert resolve(value, {"command: c": {"stdout": "out", "n": 5}}, {"pw": "s"}) == {
        "a": "x=out;s", "b": [Blob("0" * 64, 3)], "c": 5}
    with pytest.raises(Failed, match="it has not run"):
        resolve(value, {}, {"pw": "s"})
    with pytest.raises(Failed, match="has no output `n`"):
        resolve(value["c"], {"command: c": {"stdout": ""}}, {})


@pytest.mark.parametrize("wire", [{"$blob": ["x", 1]}, {"$output": ["a"]}, {"$join": "x"}, {"$secret": 1}])
def test_mark_that_is_not_well_formed_is_refused(wire: Any) -> None:
    with pytest.raises(ValueError, match="not well formed"):
        from_wire(wire)


def test_types_are_named_after_their_class() -> None:
    assert type_name(type("SystemdUnit", (), {})) == "systemd_unit"
