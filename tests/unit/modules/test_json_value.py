"""What a user can see of `json_value`: the whole text of files before and after."""
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_host import Refused
from holdfast_host.value_at import parsed
from modules.json_value import JsonValue
from tests.unit.modules.settling import settle

FILE = """\
{
    "a": 1,  // one
    "b": {"x": [1, 2], "y": "z"},
    /* about c */
    "c": {
        "d": true
    }
}
"""


@pytest.mark.parametrize(("before", "arguments", "after"), [
    (FILE, {"key": "a", "value": 2}, FILE.replace('"a": 1', '"a": 2')),
    (FILE, {"key": "a", "value": 1}, FILE),
    (FILE, {"key": "a", "value": True}, FILE.replace('"a": 1', '"a": true')),
    (FILE, {"key": "b.x[1]", "value": "2"}, FILE.replace("2]", '"2"]')),
    (FILE, {"key": "b.x[2]", "value": 3}, FILE.replace("2]", "2, 3]")),
    (FILE, {"key": "b.x", "value": [1]}, FILE.replace("[1, 2]", "[1]")),
    (FILE, {"key": "b.q", "value": "ü"}, FILE.replace('"z"}', '"z", "q": "ü"}')),
    (FILE, {"key": "c.e.f", "value": 1},
     FILE.replace("true\n", 'true,\n        "e": {\n            "f": 1\n        }\n')),
    (FILE, {"key": "c", "value": {"d": True, "g": []}}, FILE.replace("true\n", 'true,\n        "g": []\n')),
    (FILE, {"key": 'c."d"', "state": "absent"}, FILE.replace('        "d": true\n', "")),
    (FILE, {"key": "a", "state": "absent"}, FILE.replace('"a": 1,  ', "")),
    (FILE, {"key": "c", "state": "absent"},
     '{\n    "a": 1,  // one\n    "b": {"x": [1, 2], "y": "z"}\n    /* about c */\n}\n'),
    (FILE, {"key": "b.x", "state": "absent"}, FILE.replace('"x": [1, 2], ', "")),
    (FILE, {"key": "no.such", "state": "absent"}, FILE),
    ("{}", {"key": "a.b[0]", "value": 1}, '{"a": {"b": [1]}}'),
    ('{"a":1,"b":2}', {"key": "c", "value": 3}, '{"a":1,"b":2,"c":3}'),
    ('{\r\n\t"a": 1,\r\n}\r\n', {"key": "c", "value": 3}, '{\r\n\t"a": 1,\r\n\t"c": 3,\r\n}\r\n'),
    ('{"a.b": {"[x]": 1}}', {"key": '"a.b"."[x]"', "value": 2}, '{"a.b": {"[x]": 2}}'),
    (None, {"key": "a.b", "value": 1, "create": True}, '{\n  "a": {\n    "b": 1\n  }\n}\n'),
    (None, {"key": "a", "state": "absent"}, None),
])
def test_file_becomes(tmp_path, before, arguments, after):
    path = tmp_path / "f"
    if before is not None:
        path.write_bytes(before.encode())
    settle(JsonValue(path=str(path), **arguments))
    assert (path.read_bytes().decode() if path.exists() else None) == after


@pytest.mark.parametrize(("text", "arguments", "what"), [
    ('{"a": }', {"key": "a", "value": 1}, r"no JSON at `}` \(line 1, column 7\)"),
    ('{"a": 1', {"key": "a", "value": 1}, "ends too early"),
    ('{"a": 1, "a": 2}', {"key": "b", "value": 1}, "has `a` twice"),
    ('{"a": [1]}', {"key": "a[2]", "value": 1}, "place 2 of a list that has 1"),
    ('{"a": [1]}', {"key": "a.b", "value": 1}, "where a list stands"),
    ('{"a": 1}', {"key": "a.b", "value": 1}, "where a single value stands"),
    ("[" * 300, {"key": "a", "value": 1}, "nested deeper"),
    ('{"a": %s}' % ("1" * 5000), {"key": "b", "value": 1}, "a number of 5000 digits in line 1"),
    ("{}", {"key": "a..b", "value": 1}, "is not understood from"),
    ("{}", {"key": "a"}, "`value` is missing"),
    ("{}", {"key": "a[0]", "state": "absent"}, "declare the whole list"),
])
def test_what_cannot_be_is_refused(text, arguments, what):
    with pytest.raises(Refused, match=what):
        JsonValue(path="/f", **arguments).edited(text)


def test_keys_are_read_with_quotes_and_places():
    assert parsed('a."b.\\"c".d[0][12].e-f') == ("a", 'b."c', "d", 0, 12, "e-f")


NAMES = st.text("ab", min_size=1, max_size=2)
TREES = st.recursive(st.none() | st.booleans() | st.integers(-9, 9) | st.text("a\"\\ü\n{,", max_size=3),
                     lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
                     max_leaves=8)


@given(st.dictionaries(NAMES, TREES), NAMES, NAMES, TREES.filter(lambda value: value is not None),
       st.sampled_from([None, 2, 4, "\t"]))
def test_any_reader_finds_the_value_and_the_rest_as_before(tree, first, second, value, indent):
    text = json.dumps(tree, indent=indent)
    there = tree.get(first, {})
    is_mapping = isinstance(there, dict)
    key = f"{first}.{second}" if is_mapping else first
    after = JsonValue(path="/f", key=key, value=value).edited(text)
    assert json.loads(after) == {**tree, first: {**there, second: value} if is_mapping else value}
    gone = JsonValue(path="/f", key=key, state="absent").edited(after)
    rest = {name: item for name, item in tree.items() if name != first}
    if is_mapping:
        rest[first] = {name: item for name, item in there.items() if name != second}
    assert json.loads(gone) == rest
