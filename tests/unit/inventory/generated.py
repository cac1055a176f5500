"""Strategies for inventories as Ansible's users write them, with the corners of its forms. Most are right."""
from __future__ import annotations

import json
import shlex
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

Files = dict[str, str]
Words = SearchStrategy[str]


@dataclass(frozen=True)
class Written:
    """files: text by path; those that end in .sh are programs. sources: what is given to -i."""

    files: Files
    sources: tuple[str, ...]


def words(text: str) -> Words:
    """One of the words; `␣` in them stands for a space."""
    return st.sampled_from([word.replace("␣", " ") for word in text.split()])


def seldom(wrong: SearchStrategy[str], right: SearchStrategy[str]) -> Words:
    return st.integers(0, 39).flatmap(lambda number: wrong if number == 20 else right)


def lines(each: Words, most: int) -> Words:
    return st.lists(each, max_size=most).map("\n".join)


HOSTS = words("web1 web2 db1 db2 a.example.org localhost 10.0.0.1 h_x web-3 alle 127.0.0.1 h@x web é1 h(1) UPPER")
RANGES = words("web[1:3] web[01:03] web[1:9:4] db[a:c] db[1:2]x[a:b] [a:b]1 web[09:11].example.org 10.0.0.[1:3] db[:1]"
               " w[X:Z] db[a:f:2] web[3:1] web[1:3]-[01:02] w[z:B] web[1:2]:2222 db[a:b]:22 web[001:100:33] n[0:2]")
PORTS = words("web1:22 db1:2222 [::1]:22 ::1 [2001:db8::1]:2222 2001:db8::2 [10.0.0.1]:22 fe80::[1:2] [web1]:23 h_:22 "
              "a.example.org:0 web2:x 1:2 db2:99999 a.b.c:1 [fe80::[1:2]]:22")
NAMES = st.one_of(HOSTS, HOSTS, RANGES, PORTS)
ORDER = ["all", "prod", "east", "north", "dc-1", "web", "db", "g.2", "é", "1", "web1"]  # parents before their children
GROUPS = st.sampled_from(ORDER)
KEYS = words("a b ansible_host ansible_port ansible_user x-y with.dot é http_port inventory_dir "
             "ansible_group_priority_")
ORDINARY_KEYS = words("a b c ansible_user region")


def children(parent: str, most: int) -> SearchStrategy[list[str]]:
    """Names of groups that may be in this one; seldom any."""
    later = ORDER[ORDER.index(parent) + 1:] if parent in ORDER else []
    right = st.lists(st.sampled_from(later), max_size=most) if later else st.just([])
    return st.integers(0, 39).flatmap(
        lambda number: st.lists(GROUPS | st.just("ungrouped"), max_size=most) if number == 20 else right)


# -- INI --------------------------------------------------------------------------------------------------------------

LITERALS = words(r"""1 01 -1 +1 1.5 .5 5. 1e3 0x1f 0o17 0b11 1_000 1__0 True true False yes no None null Null ~ [] {} ()
    set() [1,2] {'a':1} (1,2) (1,) {1,2} b'x' 1j ... '' "" 'x' "x" '1' "1" 'True' "[1,2]" [1,'a'] {'a':{'b':[1]}} x x=y
    x#y #x ;x {{x}} \d a\tb a:b http://x/y?z=1&q=2 1.2.3 10.0.0.1 007 0 00 0.0 é 'é' "\u00e9" u'x' r'\d' f'x' 'a'b'
    "a"b" 'a\nb' {a:1} 1+1 1+1j -1-2j 'a''b' x␣y 'x␣y' [1,␣2] {'a':␣1,␣'b':␣[True,␣None]} x␣#␣y 'x␣#␣y' "x"␣#␣y {{␣x␣}}
    {{␣x␣|␣default('y')␣}} 'a'␣'b' 1␣#␣one (1,␣2) [1,␣2]␣#␣list x␣;␣y 'x'␣;␣y \ x␣\ '1'␣#␣c True␣#␣c "it's" {1:␣2}
    'say␣"x"' {None:␣1,␣True:␣2} [[1,␣2],␣{'a':␣(1,␣2)}] -o␣ProxyCommand="ssh␣-W␣%h:%p␣x" [1,2 '''x''' 1␣if␣x␣else␣2
    '-o␣ProxyCommand="ssh␣-W␣%h:%p␣x"' ["a",␣'b'] 1e400 -0.0 {1.5:␣2} {(1,2):␣3} {b'x':␣1} lambda:0 __import__('os')""")
AS_IT_IS = words(r"""a\ b a\"b a\\b 'a'"b" "a"'b' a'b'c '"1"' "'1'" '' "" "#x" x#y 1 01 x=y True [1,2] {'a':1} 1.5
    "a\"b" None yes 'x␣y' "x␣y" "a\\b" 'a\b' "a\b" {{x}} "{{␣x␣}}" '[1,␣2]' "{'a':␣1}" key="v" 'a␣#␣b'""")
INLINE = st.one_of(st.builds(lambda key, value: f"{key}={shlex.quote(value)}", KEYS, LITERALS),
                   st.builds("{}={}".format, KEYS, AS_IT_IS),
                   st.builds(lambda key, value: shlex.quote(f"{key}={value}"), ORDINARY_KEYS, LITERALS),
                   words("ansible_group_priority=5 a= =x"))
COMMENTS = st.sampled_from(["", "# comment", "; comment", "  # indented", "\t", "#[web]", ";web1", "   "])
HOST_LINES = seldom(
    words("--- web1: a␣b a␣'b h␣x=' [web web[1 web[1:] web[1] web[a:2] web[1:2:0] [] - h␣;end web[01:1]"), st.builds(
        lambda name, settings, end, before: before + " ".join([name, *settings]) + end,
        NAMES, st.lists(INLINE, max_size=3), st.sampled_from(["", "", " ", " # end", "\t# end"]),
        st.sampled_from(["", "", " ", "\t"])))
VAR_LINES = seldom(words("a a␣b = =␣x ansible_group_priority=x"), st.builds(
    "{}{}{}{}".format, KEYS | words("a␣b"), words("= ␣=␣ =␣ ␣="), LITERALS,
    st.sampled_from(["", "", "", " ", " # end"]))
    | words("ansible_group_priority=10 ansible_group_priority=0 ansible_group_priority='3' ansible_group_priority=-1"))
HEAD_ENDS = st.sampled_from(["", "", "", " ", " # end", "# end", "\t"])


@st.composite
def section(draw: st.DrawFn) -> str:
    group = draw(GROUPS | st.just("ungrouped"))
    kind = draw(words("- - :hosts :vars :vars :children :children")).replace("-", "")
    if kind == ":children":
        body = "\n".join(draw(st.lists(COMMENTS, max_size=1)) + [
            child + draw(st.sampled_from(["", "", " ", " # end", "#end"])) for child in draw(children(group, 3))])
    else:
        body = draw(lines((VAR_LINES if kind == ":vars" else HOST_LINES) | COMMENTS, 4))
    return f"[{group}{kind}]{draw(HEAD_ENDS)}\n{body}"


@st.composite
def ini(draw: st.DrawFn) -> str:
    sections = [draw(lines(HOST_LINES | COMMENTS, 3)), *draw(st.lists(section(), max_size=6))]
    declared = "\n".join(f"[{name}]" for name in ORDER) if draw(st.integers(0, 9)) != 5 else ""
    return draw(st.sampled_from(["\n", "\n", "\n", "\r\n"])).join([*sections, declared, ""])


@st.composite
def merging(draw: st.DrawFn) -> str:
    """Two hosts in groups, in and beside each other, that all say something else of the same names."""
    made = [f"[{name}]" for name in ORDER]
    for name in draw(st.lists(st.sampled_from(ORDER[1:]), min_size=4, max_size=9, unique=True)):
        made += [f"[{name}]", *draw(st.lists(st.sampled_from(["h1", "h2"]), min_size=1, max_size=2, unique=True)),
                 f"[{name}:vars]", f"a=of {name}", *draw(st.lists(words("b=1 b=2 b=3 ansible_group_priority=0 "
                                                                          "ansible_group_priority=7"), max_size=2)),
                 f"[{name}:children]", *draw(children(name, 4))]
    return "\n".join([*made, ""])


# -- YAML -------------------------------------------------------------------------------------------------------------

SCALARS = words(r"""1 01 -1 +1 0o17 017 0x1f 0b11 1_000 1.5 .5 5. 1e3 1.0e+3 .inf -.inf .nan 1:30 1:30:15.5 yes No on
    off y n true TRUE null ~ Null "" '' x 'x' "x" '1' "1" x#y http://x:80/y 2020-01-01 2020-01-01T10:00:00Z '2020-01-01'
    [] {} !!str␣1 !!int␣"3" !!float␣1 !!bool␣"yes" !!null␣"" !unsafe␣'{{x}}' !unsafe␣1 !unsafe␣"1" [1,␣yes,␣x] {a,␣b}
    !unsafe␣[a,{b:␣'{{c}}'}] {a:␣1,␣b:␣[x,␣y]} '{{␣x␣}}' "a\tb" "\u00e9" é 'it''s' x␣y x␣:y 1,000 !␣x 0.0 -0.0 00 08
    !!timestamp␣2020-01-01 2020-01-01␣10:00:00 2020-01-01␣10:00:00.5␣+02:00 0x "␣x␣" {1:␣2} {yes:␣2} {null:␣1} {1.5:␣x}
    [a,␣[b,␣[c]]] 1␣#␣one x␣#␣y "x␣#␣y" .5e3 1e+3 1_0.5 190:20:30 685_230 +.inf 12e03 -.5 0b 1.e1""")
BLOCKS = st.sampled_from([  # @ stands for the indentation
    "|\n@  one\n@  two\n", ">\n@  one\n@  two\n", "|-\n@  one", ">+\n@  one\n\n", "|2\n@   one",
    "\n@  - 1\n@  - x: y\n@    z: yes",
    "\n@- 1\n@- 2", "\n@  p: 1\n@  q: {}", "x\n@  y", "\"x\n@  y\"", "\n@  a: 1\n@  a: 2",
    "!unsafe |\n@  {{ x }}", "# nothing",
    "!unsafe\n@  a: '{{ x }}'\n@  b: [1, c]", "\n@  ? a\n@  : 1", "\n@  # c\n@  x", "",
    "!vault |\n@  $ANSIBLE_VAULT;1.1;AES256\n@  6638", "[!vault '$ANSIBLE_VAULT;1.1;AES256', 1]"])
MERGED = st.sampled_from(["*base", "\n@  <<: *base\n@  a: 3", "\n@  a: 3\n@  <<: *base", "\n@  <<: [*base, {b: 2}]",
                          "\n@  <<: [{b: 2}, *base]\n@  c: *base", "[*base, *base]"])
WRONG_VALUES = words("*none `x` [1 {a␣'x x:␣y !foo␣x !!binary␣YQ== !!set␣{a} !!python/tuple␣[1] \"\\q\" %x")
YAML_KEYS = KEYS | words(r"""2 yes 1.5 null 'q' ~ "\u00e9" !!str␣s""")


@st.composite
def pairs(draw: st.DrawFn, indent: str, values: Words, *, most: int = 4) -> list[str]:
    """The lines of a mapping."""
    found = []
    for key in draw(st.lists(YAML_KEYS, max_size=most)):
        value = draw(seldom(WRONG_VALUES, values)).replace("@", indent)
        found.append(f"{indent}{key}: {value}")
    return found


@st.composite
def yaml_group(draw: st.DrawFn, name: str, indent: str, values: Words) -> list[str]:
    """The lines of a group: hosts, vars and children in any order; each may be missing, null or there twice."""
    parts = draw(st.lists(words("hosts hosts vars children children"), max_size=4))
    others = draw(st.sampled_from([[], [], [], [], ["x: 1"], ["other: {a: 1}"]]))
    shown = json.dumps(name) if name == "1" else name
    found = [f"{indent}{shown}:" + ("" if parts or others else draw(st.sampled_from(["", " null", " ~", " {}"])))]
    for part in parts:
        below = indent + "    "
        inner: list[str] = []
        if part == "vars":
            inner = draw(pairs(below, values))
        elif part == "hosts":
            for host in draw(st.lists(NAMES, max_size=3)):
                own = draw(pairs(below + "  ", values, most=2))
                quoted = json.dumps(host) if host[0] in "[:" or host == "1:2" or draw(st.booleans()) else host
                inner += [f"{below}{quoted}:" + ("" if own else draw(st.sampled_from(["", " null", " {}"]))), *own]
        elif len(indent) < 16:
            for child in draw(children(name, 2)):
                inner += draw(yaml_group(child, below, values))
        empty = draw(seldom(words("␣web1 ␣[a] ␣1"), st.sampled_from(["", " null", " ~", " {}"])))
        found += [f"{indent}  {part}:" + ("" if inner else empty), *inner]
    return found + [f"{indent}  {other}" for other in others]


@st.composite
def yaml(draw: st.DrawFn) -> str:
    """base, an anchor that others name, is a group that is no mapping: Ansible skips it."""
    start = draw(st.sampled_from(["", "---\n", "# comment\n---\n", "\ufeff", "%YAML 1.1\n---\n"]))
    is_based = draw(st.booleans())
    values = SCALARS | BLOCKS | MERGED if is_based else SCALARS | BLOCKS
    found = ["x:\n  vars: &base {a: 1, b: [x]}"] if is_based else []
    for name in draw(st.lists(st.just("all") | st.just("all") | GROUPS | st.just("ungrouped"), min_size=1, max_size=3)):
        found += draw(yaml_group(name, "", values))
    return start + "\n".join(found) + draw(st.sampled_from(["\n", "", "\n...\n", "\n# end"]))


# -- variable files ---------------------------------------------------------------------------------------------------

@st.composite
def yaml_variables(draw: st.DrawFn) -> str:
    is_based = draw(st.booleans())
    start = ["base: &base {a: 1, b: [x]}"] if is_based else draw(st.sampled_from([[], ["---"], ["# comment"]]))
    return "\n".join([*start, *draw(pairs("", SCALARS | BLOCKS | MERGED if is_based else SCALARS | BLOCKS)), ""])


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["x", "{{ x }}", "", "é", 1.5, 1e30, "\n", "yes"])
    | st.just({"__ansible_unsafe": "{{ x }}"}),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(ORDINARY_KEYS, inner, max_size=2), max_leaves=4)
JSON_VARIABLES = st.dictionaries(KEYS, JSON_VALUES, max_size=3)
VARIABLES = yaml_variables() | JSON_VARIABLES.map(json.dumps) | st.sampled_from(
    ["", "---\n", "# only\n", "{}", "a: 1\n...\n", '{"a": 1,}', "{a: 1}", '{"a": 1e3, "b": "\\u00e9"}'])
FILE_NAMES = words("X X.yml X.yml X.yaml X.json X/main.yml X/a.yml X/b X/sub/c.yml X/.hidden.yml X/old.yml~ X/x.txt "
                   "X/z.json X.txt X/sub.d/x.yml X/sub/deep/y.yaml X.yml.bak .X.yml")


def together(files: Files, more: Files) -> Files:
    """All files that can be in one folder: a path is a file or a folder, not both."""
    both = dict(files)
    for path, text in more.items():
        if not any(other.startswith(path + "/") or path.startswith(other + "/") for other in both):
            both[path] = text
    return both


@st.composite
def variable_files(draw: st.DrawFn, folder: str) -> Files:
    files: Files = {}
    for _ in range(draw(st.integers(0, 4))):
        kind = draw(words("group_vars group_vars host_vars"))
        name = draw(GROUPS | st.just("ungrouped") if kind == "group_vars" else HOSTS)
        files = together(files, {f"{folder}{kind}/{draw(FILE_NAMES).replace('X', name)}": draw(VARIABLES)})
    return files


# -- programs ---------------------------------------------------------------------------------------------------------

@st.composite
def program(draw: st.DrawFn) -> str:
    """A shell script that prints Ansible's JSON."""
    answer = {}
    for name in draw(st.lists(GROUPS, max_size=4, unique=True)):
        answer[name] = draw(st.fixed_dictionaries({}, optional={
            "hosts": st.lists(HOSTS | PORTS, max_size=3), "vars": JSON_VARIABLES, "children": children(name, 2)})
            | st.lists(HOSTS, max_size=2) | JSON_VARIABLES)
    if draw(st.integers(0, 3)) > 0:
        answer["_meta"] = draw(st.fixed_dictionaries(
            {"hostvars": st.dictionaries(HOSTS, JSON_VARIABLES, max_size=3)},
            optional={"profile": st.just("inventory_legacy")}))
    of_host = json.dumps(draw(JSON_VARIABLES)) if draw(st.booleans()) else ""
    return ("#!/bin/sh\nif [ \"$1\" = --host ]; then cat <<'END'\n" + of_host + "\nEND\nexit; fi\ncat <<'END'\n"
            + json.dumps(answer) + "\nEND\n")


# -- whole inventories ------------------------------------------------------------------------------------------------

@st.composite
def single(draw: st.DrawFn, form: Words, name: str) -> Written:
    """One file with variable files beside it."""
    return Written({name: draw(form), **draw(variable_files(""))}, (name,))


@st.composite
def several(draw: st.DrawFn) -> Written:
    """Folders of inventories, or several sources, each with variable files beside it."""
    files: Files = {}
    for number in range(draw(st.integers(1, 3))):
        folder = draw(words("one/ one/ two/ one/sub/"))
        text, name = draw(st.tuples(ini(), words("X-hosts X.ini X")) | st.tuples(yaml(), words("X.yml X.yaml X-y"))
                          | st.tuples(program(), words("X.sh X-run.sh")))
        files = together(files, {folder + name.replace("X", str(number)): text} | draw(variable_files(folder)))
    folders = sorted({path.rpartition("/")[0] for path in files if "_vars/" not in path})
    alone = [path for path in files if "_vars/" not in path]
    sources = draw(st.lists(st.sampled_from([*folders, *alone, "web1,db1", "extra1,", "web1:22,", "h[1:2],"]),
                            min_size=1, max_size=3))
    return Written(files, tuple(sources))


INVENTORIES = {"ini": single(ini(), "hosts"), "yaml": single(yaml(), "hosts.yml"),
               "merging": single(merging(), "hosts"), "program": single(program(), "hosts.sh"), "several": several()}
