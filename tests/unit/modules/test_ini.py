"""What a user can see of `ini`: real files, no mocks."""
import configparser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_host import Refused
from modules.ini import Ini
from tests.unit.modules.settling import settle

PHP = b"; head\n[PHP]\n; how much\npost = 8M ; default\n;upload = 2M\n\n[Date]\nzone=UTC\n"
GIT = b"[core]\n\tbare = false\n[remote \"o\"]\n\turl = x\n\tfetch = a\n\tfetch = b\n"
MYSQL = b"[mysqld]\nuser\t\t= mysql\nskip-log\nport\t\t= 1\n"
PYTHON = b"[a]\nlong: one\n    two\n    three\nnext: 1\n"
UNIT = b"[Service]\nExecStart=/bin/a \\\n  --b\nUser=x\n"


@pytest.mark.parametrize(("before", "arguments", "after"), [
    (PHP, {"section": "PHP", "option": "post", "value": "16M", "comment": ";"}, PHP.replace(b"8M", b"16M")),
    (PHP, {"section": "PHP", "option": "post", "value": "16M"}, PHP.replace(b"8M ; default", b"16M")),
    (PHP, {"section": "PHP", "option": "post", "value": "8M", "comment": ";"}, PHP),
    (PHP, {"section": "PHP", "option": "post", "value": "8M ; default"}, PHP),
    (PHP, {"section": "PHP", "option": "upload", "value": "9M"}, PHP.replace(b"2M\n", b"2M\nupload = 9M\n")),
    (PHP, {"section": "PHP", "option": "new", "value": "1"}, PHP.replace(b"2M\n", b"2M\nnew = 1\n")),
    (PHP, {"section": "Date", "option": "new", "value": "1"}, PHP + b"new=1\n"),
    (PHP, {"section": "New", "option": "new", "value": "1"}, PHP + b"\n[New]\nnew = 1\n"),
    (PHP, {"option": "top", "value": "1"}, b"; head\ntop = 1\n" + PHP[7:]),
    (PHP, {"section": "PHP", "option": "post", "state": "absent"}, PHP.replace(b"post = 8M ; default\n", b"")),
    (PHP, {"section": "PHP", "state": "absent"}, b"; head\n[Date]\nzone=UTC\n"),
    (PHP, {"section": "none", "state": "absent"}, PHP),
    (PHP, {"section": "New"}, PHP + b"\n[New]\n"),
    (PHP.replace(b"\n", b"\r\n"), {"section": "Date", "option": "zone", "value": "CET"},
     PHP.replace(b"UTC", b"CET").replace(b"\n", b"\r\n")),
    (GIT, {"section": 'remote "o"', "option": "url", "value": "y"}, GIT.replace(b"url = x", b"url = y")),
    (GIT, {"section": "core", "option": "new", "value": "y"}, GIT.replace(b"false\n", b"false\n\tnew = y\n")),
    (GIT, {"section": 'remote "o"', "option": "fetch", "values": ("b",)}, GIT.replace(b"a\n\tfetch = b", b"b")),
    (GIT, {"section": 'remote "o"', "option": "fetch", "values": ("a", "b", "c")}, GIT + b"\tfetch = c\n"),
    (GIT, {"section": 'remote "o"', "option": "fetch", "state": "absent"}, GIT[:GIT.index(b"\tfetch")]),
    (MYSQL, {"section": "mysqld", "option": "skip-log", "bare": True}, MYSQL),
    (MYSQL, {"section": "mysqld", "option": "skip-name", "bare": True}, MYSQL + b"skip-name\n"),
    (MYSQL, {"section": "mysqld", "option": "skip-log", "value": "1"}, MYSQL.replace(b"skip-log", b"skip-log\t\t= 1")),
    (MYSQL, {"section": "mysqld", "option": "port", "bare": True}, MYSQL.replace(b"port\t\t= 1", b"port")),
    (MYSQL, {"section": "mysqld", "option": "port", "value": "2", "separator": "="}, MYSQL.replace(b"= 1", b"= 2")),
    (PYTHON, {"section": "a", "option": "long", "value": "1"}, b"[a]\nlong: 1\nnext: 1\n"),
    (PYTHON, {"section": "a", "option": "two", "state": "absent"}, PYTHON),
    (PYTHON, {"section": "a", "option": "new", "value": "x=1"}, PYTHON + b"new: x=1\n"),
    (UNIT, {"section": "Service", "option": "ExecStart", "values": ("", "/bin/c")},
     b"[Service]\nExecStart=\nExecStart=/bin/c\nUser=x\n"),
    (b"a = 1\na = 2\n", {"option": "a", "value": "3", "section": "s"}, b"a = 1\na = 2\n\n[s]\na = 3\n"),
    (b"a.b: c=1\n", {"option": "a", "value": "3"}, b"a.b: c=1\na: 3\n"),
    (b"\xff=1\nx=", {"option": "x", "value": "2"}, b"\xff=1\nx=2"),
    (b"x = 1", {"option": "y", "value": "2"}, b"x = 1\ny = 2\n"),
    (b"\xef\xbb\xbfx = 1\n", {"option": "y", "value": "2"}, b"\xef\xbb\xbfx = 1\ny = 2\n"),
    (b"\xef\xbb\xbfx = 1\n", {"option": "x", "value": "2"}, b"\xef\xbb\xbfx = 2\n"),
    (b"x = 1\n", {"option": "x", "value": ""}, b"x =\n"),
    (None, {"section": "s", "option": "x", "value": "1", "create": True}, b"[s]\nx = 1\n"),
    (None, {"section": "s", "option": "x", "state": "absent"}, None),
])
def test_file_becomes(tmp_path, before, arguments, after):
    path = tmp_path / "f"
    if before is not None:
        path.write_bytes(before)
    settle(Ini(path=str(path), **arguments))
    assert (path.read_bytes() if path.exists() else None) == after


@pytest.mark.parametrize(("text", "arguments", "what"), [
    ("x=1\nx=2\n", {"option": "x", "value": "1"}, "2 times, in lines 1, 2: declare all of them with `values`"),
    ("a=1\na:b = 2\n", {"option": "a:b", "value": "1", "separator": ":"}, "holds the separator"),
    ("q=1\na:b = 2\n", {"option": "a", "value": "1"}, "may be this option or another one"),
    ("", {"option": "x"}, "`value` is missing"),
    ("", {"section": "x", "value": "1"}, "given for a whole section"),
    ("", {"option": "x", "value": " 1"}, "blanks around it"),
    ("", {"option": "x", "values": ("C:\\",)}, "ends with a backslash"),
    ("", {"option": "x", "value": "1", "bare": True}, "both given"),
    ("", {"option": "a=b", "value": "1"}, "is not an option's name"),
    ("", {"option": "x", "value": "1", "separator": " "}, "is `=` or `:`"),
])
def test_what_cannot_be_told_apart_is_refused(text, arguments, what):
    with pytest.raises(Refused, match=what):
        Ini(path="/f", **arguments).edited(text)


WORDS = st.text("abc", min_size=1, max_size=2)


@given(st.dictionaries(WORDS, st.dictionaries(WORDS, WORDS, max_size=3), max_size=3), WORDS, WORDS, WORDS,
       st.sampled_from(["present", "absent"]), st.sampled_from(["=", " = ", ": "]))
def test_a_parser_of_such_files_reads_what_was_declared_and_the_rest_as_before(data, section, option, value, state,
                                                                               separator):
    before = "".join(f"[{name}]\n" + "".join(f"; about\n{key}{separator}{one}\n" for key, one in options.items()) + "\n"
                     for name, options in data.items())
    ini = Ini(path="/f", section=section, option=option, state=state, value=value if state == "present" else None)
    once = ini.edited(before)
    assert ini.edited(once) == once
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(once)
    wanted = {name: dict(options) for name, options in data.items()}
    if state == "present":
        wanted.setdefault(section, {})[option] = value
    else:
        wanted.get(section, {}).pop(option, None)
    assert {name: dict(parser[name]) for name in parser.sections()} == wanted
    assert once.count("; about\n") == before.count("; about\n")
