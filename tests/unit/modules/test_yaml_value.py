"""What a user can see of `yaml_value`: the whole text of files before and after; PyYAML reads what was written."""
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from holdfast_host import Refused
from modules.ini import Ini
from modules.json_value import JsonValue
from modules.yaml_value import YamlValue
from tests.unit.modules.settling import settle

FILE = """\
# about all
server:
    host: 'a.example'   # where
    ports:
    - 80
    - 443  # tls

    "odd.key": on
# about users
users:
  - name: one
    groups: [a, b]
  - name: "two"
text: |
  first
  second
long: this goes
  on here
base: &base
  x: 1
derived:
  <<: *base
  y: 2
last: ~
"""


@pytest.mark.parametrize(("arguments", "old", "new"), [
    ({"key": "server.host", "value": "b.example"}, "'a.example'", "'b.example'"),
    ({"key": "server.host", "value": "it's"}, "'a.example'", "'it''s'"),
    ({"key": "server.host", "value": "a.example"}, "", ""),
    ({"key": "server.ports[1]", "value": 8443}, "443", "8443"),
    ({"key": "server.ports[2]", "value": 1}, "  # tls\n", "  # tls\n    - 1\n"),
    ({"key": "server.ports", "value": [80]}, "    - 443  # tls\n", ""),
    ({"key": "server.ports", "value": [80, 443]}, "", ""),
    ({"key": "server.ports", "value": "none"}, "ports:\n    - 80\n    - 443", "ports: none"),
    ({"key": 'server."odd.key"', "value": True}, "on\n#", "true\n#"),
    ({"key": 'server."odd.key"', "value": "on"}, "on\n#", '"on"\n#'),
    ({"key": 'server."odd.key"', "state": "absent"}, '    "odd.key": on\n', ""),
    ({"key": "server.new", "value": {"a": [1, {"b": "c: d"}]}}, "on\n#",
     'on\n    new:\n        a:\n            - 1\n            - b: "c: d"\n#'),
    ({"key": "users[0].name", "value": "eins"}, "one", "eins"),
    ({"key": "users[0].name", "state": "absent"}, "- name: one\n    groups", "- groups"),
    ({"key": "users[1].groups", "value": ["c"]}, '"two"\n', '"two"\n    groups:\n        - c\n'),
    ({"key": "users[0].groups", "value": ["a", "b"]}, "", ""),
    ({"key": "users[0].groups", "value": []}, "[a, b]", "[]"),
    ({"key": "users[0].groups", "value": "x"}, "[a, b]", "x"),
    ({"key": "users[1].name", "value": "zwei"}, '"two"', '"zwei"'),
    ({"key": "text", "value": "first\nsecond\n"}, "", ""),
    ({"key": "text", "value": "x"}, "|\n  first\n  second", "x"),
    ({"key": "long", "value": "short"}, "this goes\n  on here", "short"),
    ({"key": "last", "value": "2024-01-01"}, "~", '"2024-01-01"'),
    ({"key": "last", "value": 1.5}, "~", "1.5"),
    ({"key": "last", "value": {"a": 1}}, " ~\n", "\n    a: 1\n"),
    ({"key": "last", "state": "absent"}, "last: ~\n", ""),
    ({"key": "more.deep", "value": "x"}, "last: ~\n", "last: ~\nmore:\n    deep: x\n"),
    ({"key": "server.host", "value": {"a": 1}}, "host: 'a.example'   # where\n", "host: # where\n        a: 1\n"),
    ({"key": "none", "state": "absent"}, "", ""),
])
def test_file_becomes(tmp_path, arguments, old, new):
    path = tmp_path / "f"
    path.write_text(FILE)
    assert FILE.count(old) == 1 or not old
    settle(YamlValue(path=str(path), **arguments))
    assert path.read_text() == FILE.replace(old, new, 1) if old else FILE


@pytest.mark.parametrize(("before", "arguments", "after"), [
    ("", {"key": "a.b[0]", "value": 1}, "a:\n  b:\n    - 1\n"),
    ("# only this", {"key": "a", "value": "x"}, "# only this\na: x\n"),
    ("---\na: 1\n", {"key": "b", "value": "x"}, "---\na: 1\nb: x\n"),
    ("a: 1", {"key": "b", "value": "x"}, "a: 1\nb: x\n"),
    ("a: 1\r\nb:\r\n  c: 2\r\n", {"key": "b.d", "value": ["x"]}, "a: 1\r\nb:\r\n  c: 2\r\n  d:\r\n    - x\r\n"),
    ("a:\n  b: 1  # why\nc: 2\n", {"key": "a.b", "state": "absent"}, "a: {}  # why\nc: 2\n"),
    ("a: {}\n", {"key": "a.b", "value": 1}, "a:\n  b: 1\n"),
    ("a:\nb: 1\n", {"key": "a.c", "value": 1}, "a:\n  c: 1\nb: 1\n"),
    ("- a\n- b\n", {"key": "[1]", "value": "c"}, "- a\n- c\n"),
    ("-   a: 1\n    b: 2\n", {"key": "[0].c", "value": 3}, "-   a: 1\n    b: 2\n    c: 3\n"),
    ("- - a\n  - b\n", {"key": "[0][1]", "value": "c"}, "- - a\n  - c\n"),
    ("a: http://x/#y\n", {"key": "b", "value": "http://x/#z"}, "a: http://x/#y\nb: \"http://x/#z\"\n"),
    ("a: 1\n", {"key": "a", "value": "1"}, 'a: "1"\n'),
    ("a: 1\n", {"key": "a", "value": True}, "a: true\n"),
    ("a: 010\n", {"key": "a", "value": 8}, "a: 8\n"),
    ("a: b # c\n", {"key": "a", "value": "d\ne"}, 'a: "d\\ne" # c\n'),
])
def test_text_becomes(before, arguments, after):
    one = YamlValue(path="/f", **arguments)
    assert one.edited(before) == after
    assert one.edited(after) == after
    assert yaml.safe_load(after) is not None


def test_byte_order_mark_stays_on_top(tmp_path):
    path = tmp_path / "f"
    path.write_text("\ufeffa: 1\n")
    settle(YamlValue(path=str(path), key="a", value=2))
    assert path.read_text() == "\ufeffa: 2\n"
    path.write_text('\ufeff{"a": 1}')
    settle(JsonValue(path=str(path), key="a", value=2))
    assert path.read_text() == '\ufeff{"a": 2}'
    path.write_text("\ufeff[s]\na = 1\n")
    settle(Ini(path=str(path), section="s", option="a", value="2"))
    assert path.read_text() == "\ufeff[s]\na = 2\n"


def test_number_that_no_reader_takes_stays_beside_what_is_edited():
    digits = "1" * 5000
    assert YamlValue(path="/f", key="b", value=2).edited(f"a: {digits}\nb: 1\n") == f"a: {digits}\nb: 2\n"


@pytest.mark.parametrize(("text", "arguments", "what"), [
    (FILE, {"key": "base.x", "value": 2}, "an anchor, an alias or a tag"),
    (FILE, {"key": "base", "value": 2}, "an anchor, an alias or a tag"),
    (FILE, {"key": "derived.z", "value": 2}, "takes others in"),
    (FILE, {"key": "derived.y", "state": "absent"}, "takes others in"),
    (FILE, {"key": "users[0].groups[0]", "value": "x"}, "stands in brackets"),
    (FILE, {"key": "users[5].x", "value": "x"}, "place 5 of a list that has 2"),
    (FILE, {"key": "server.host.x", "value": "x"}, "where a single value stands"),
    ("a: 1\n---\nb: 2\n", {"key": "a", "value": 2}, "line 2 begins another document"),
    ("%YAML 1.1\n---\na: 1\n", {"key": "a", "value": 2}, "line 1"),
    ("? a\n: 1\n", {"key": "a", "value": 2}, "line 1"),
    ("a:\n\tb: 1\n", {"key": "a", "value": 2}, "line 2"),
    ("a: 1\na: 2\n", {"key": "a", "value": 2}, "twice"),
    ("a: [1, # no\n  2]\n", {"key": "a", "value": 2}, "a comment between them"),
    ("a: 'x\n", {"key": "a", "value": 2}, "not closed"),
    ("a: b: c\n", {"key": "a", "value": 2}, "two values in one line"),
    ("a: 1\n   b: 1\n", {"key": "a", "value": 2}, "line 2"),
    ("  a: 1\nb: 1\n", {"key": "a", "value": 2}, "line 2"),
    ("just text\n", {"key": "a", "value": 2}, "neither `name: value`"),
    ("a: !tag x\n", {"key": "a", "value": 2}, "a tag"),
    ("a: 'x' y\n", {"key": "a", "value": 2}, "not understood at"),
])
def test_what_cannot_be_edited_safely_is_refused(text, arguments, what):
    with pytest.raises(Refused, match=what):
        YamlValue(path="/f", **arguments).edited(text)


NAMES = st.sampled_from(["a", "b", "c d", "on", "1", "x.y", "-z", "ü"])
TEXTS = st.text("ab :#-'\"\\\n[]{},&*!|>%@`?0x1ü.", max_size=5) | st.sampled_from(
    ["yes", "null", "1", "1.5", "1e3", "0x1f", "2024-01-01", "12:30", "~", "- a", "a: b", "=", "<<", "", " a ",
     "\ufeff"])
VALUES = st.recursive(TEXTS | st.booleans() | st.integers(-99, 99) | st.floats(allow_nan=False, allow_infinity=False),
                      lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
                      max_leaves=8)
STYLES = st.fixed_dictionaries({"default_flow_style": st.sampled_from([False, None]), "indent": st.sampled_from([2, 4]),
                                "default_style": st.sampled_from([None, "'", '"']), "width": st.sampled_from([20, 99])})


@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=4), st.lists(NAMES, min_size=1, max_size=3), VALUES, STYLES)
def test_another_reader_finds_the_value_and_the_rest_as_before_or_it_is_refused(tree, names, value, style):
    before = "# kept\n" + yaml.safe_dump(tree, allow_unicode=True, sort_keys=False, **style)
    key = ".".join(f'"{name}"' for name in names)
    try:
        after = YamlValue(path="/f", key=key, value=value).edited(before)
    except Refused:
        return
    expected = yaml.safe_load(before)
    at = expected
    for name in names[:-1]:
        if not at.get(name):
            at[name] = {}
        at = at[name]
    at[names[-1]] = value
    assert yaml.safe_load(after) == expected
    assert after.startswith("# kept\n")
    assert YamlValue(path="/f", key=key, value=value).edited(after) == after
