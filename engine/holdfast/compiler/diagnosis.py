"""What went wrong in a text with templates: in our words, at its place, with the mend."""
from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

import jinja2
from jinja2.filters import FILTERS as DEFAULT_FILTERS

from holdfast.compiler.environment import Environment
from holdfast.compiler.faults import KnownLater, Misused, NotDefined
from holdfast.compiler.filters import FILTERS
from holdfast.compiler.filters.elsewhere import of_ansible
from holdfast.documents.model import BUILT_IN_NAMES
from holdfast.patience import TookTooLong
from holdfast.problems import Place, Problem
from holdfast_host.values import did_you_mean

At = Callable[[int], Place]  # from an offset in a text to a place

TOO_DEEP = "this nests too deep"
_NESTED = re.compile(r"\{\{(?:(?!\}\}).)*?(\{\{)\s*([\w.]*)")
_OPEN = re.compile(r"\{\{(?:(?!\}\}).)*\Z", re.DOTALL)
_BLOCK = re.compile(r"\{%[-+]?\s*(\w+)")
_OPENING = frozenset({"if", "for", "macro", "call", "filter", "block", "raw", "set", "with", "autoescape"})
_ONE_BRACE = re.compile(r"\{\{[^{}]*(\})(?!\})")

# What Jinja says of a text that it cannot read, what that means, and the mend. First match counts; {0} is its group.
_SYNTAX: tuple[tuple[str, str, str], ...] = (
    (r"unexpected char '&'", "`&` means nothing in an expression", "write `and`"),
    (r"expected token 'name', got '\|'", "`||` means nothing in an expression", "write `or`"),
    (r"unexpected char '\?'", "`?` means nothing in an expression", "write `a if condition else b`"),
    (r"unexpected char '\$'", "`$` means nothing in an expression",
     "write the name alone; what is for another tool stands between {{% raw %}} and {{% endraw %}}"),
    (r"[Ee]xpected an expression, got '\.'|unexpected '\.'", "`.` is not expected here",
     "begin with the name of a variable; what is for another tool stands between {{% raw %}} and {{% endraw %}}"),
    (r"got 'string'", "a text is not expected here",
     "a filter takes it in parentheses: | default('x'); texts are joined by `~`"),
    (r"got 'for'", "`for` is not expected here", "a list is made by filters: | map(attribute='name'), | select(…)"),
    (r"unexpected char '!'", "`!` means nothing in an expression", "write `not`"),
    (r"unexpected '='|got '='", "`=` compares nothing", "write `==`"),
    (r"(?<!un)expected '([)\]}])'", "a bracket is not closed before this", "write `{0}`"),
    (r"unexpected '([)\]}])'", "`{0}` closes nothing", "look at brackets and quotes"),
    (r"unexpected char ['\"]{1,2}['\"]", "a quote is opened here and closed nowhere", "close it"),
    (r"unexpected char '(.)'", "`{0}` means nothing in an expression", "put texts in quotes"),
    (r"(?:unexpected|got) 'end of template'", "the expression ends too early",
     "write what is missing, or take the last word away"),
    (r"unexpected ','", "one expression stands here, not several", "for a list write brackets: [a, b]"),
    (r"expected token 'name', got 'end of (?:print|statement)", "the name of a filter is missing",
     "write a filter after `|`, or take the `|` away"),
    (r"[Ee]xpected an expression, got|unexpected 'end of print", "an expression is missing here",
     "write one between {{{{ and }}}}"),
    (r"expected token 'end of print statement', got '([^']*)'", "`{0}` is not expected here",
     "one expression stands between {{{{ and }}}}; a filter follows `|`; texts are joined by `~`"),
    (r"expected token 'end of statement block', got '([^']*)'", "`{0}` is not expected here",
     "close the block with %}}"),
    (r"[Mm]issing end of comment", "a `{{#` is closed nowhere",
     "close it with #}}; one that is no comment stands between {{% raw %}} and {{% endraw %}}"),
    (r"tag name expected", "the name of a block is missing", "as in {{% if x %}}"),
    (r"expected token 'in'", "`in` is missing", "write {{% for x in list %}}"),
    (r"unexpected '([^']*)'|got '([^']*)'", "`{0}` is not expected here", "look at brackets, quotes and operators"),
)
_RUNNING: tuple[tuple[str, str, str], ...] = (
    (r"can only concatenate \w+ \(not \"(\w+)\"\) to \w+|unsupported operand type\(s\) for \+",
     "text, numbers and lists cannot be added to one another", "`~` joins texts; `| int` makes a number of a text"),
    (r"unsupported operand type\(s\) for (\S+): '(\w+)' and", "`{0}` does not calculate with this",
     "it needs numbers: `| int` makes one of a text"),
    (r"'(\S+)' not supported between instances of '(\w+)' and '(\w+)'", "`{0}` cannot compare these two",
     "they need to be of one type: `| int` makes a number of a text"),
    (r"argument of type '(\w+)' is not iterable", "`in` looks into texts, lists and mappings only", "look what it is"),
    (r"'(\w+)' object is not iterable", "only lists and mappings can be gone through", "look what it is"),
    (r"'(\w+)' object is not callable", "this is no function", "take the parentheses away"),
    (r"positional argument|unexpected keyword argument", "a function is given the wrong arguments",
     "look at docs/reference/templates.md"),
)
_CHANGES = frozenset({"append", "extend", "insert", "pop", "remove", "clear", "update", "sort", "reverse", "setdefault",
                      "popitem", "add", "discard"})


# -- texts that cannot be read ---------------------------------------------------------------------------------------


def syntax_problem(error: jinja2.TemplateSyntaxError, source: str, at: At, environment: Environment) -> Problem:
    """What Jinja says of a text that it cannot read."""
    said = error.message or "it cannot be read"
    if said == TOO_DEEP:
        return Problem(said, find(source, error.lineno, "", at), "make it flatter, or of several variables")
    unknown = re.match(r"No (filter|test) named '([^']*)'", said)
    if unknown:
        return _unknown(unknown[1], unknown[2], find(source, error.lineno, unknown[2], at), environment)
    return _brackets(source, said, at) or _block(source, said, error.lineno, at) or _as_said(said, source,
                                                                                          error.lineno, at)


_LATER = "how a resource ended is known on the host only: `notify`, `watch` and `requires` stand for that"
_OUTCOMES = dict.fromkeys(("changed", "change", "failed", "failure", "succeeded", "success", "successful", "skipped",
                           "skip", "unreachable", "reachable", "finished", "started"), _LATER)


def _unknown(kind: str, name: str, place: Place, environment: Environment) -> Problem:
    """A filter or test that there is none of."""
    here, other = (environment.filters, environment.tests) if kind == "filter" else (
        environment.tests, environment.filters)
    short = name.rpartition(".")[2]
    if short in here:
        mend = f"write its short name: `{short}`"
    elif short in other:
        mend = f"that is a test: write `is {short}`" if kind == "filter" else f"that is a filter: write `| {short}`"
    else:
        near = _OUTCOMES.get(short, "") if kind == "test" else ""
        near = near or did_you_mean(short, here)
        mend = of_ansible(short) if kind == "filter" and of_ansible(short) else near
    return Problem(f"there is no {kind} `{name}`", place, mend or "docs/reference/filters.md has all that there are")


def _brackets(source: str, said: str, at: At) -> Problem | None:
    """Braces that are too many or too few, seen better in the source than in what Jinja says."""
    nested = _NESTED.search(source)
    if nested:
        return Problem("a template within a template", replace(at(nested.start(1)), width=2),
                       f"write `{nested[2] or 'the name'}` without braces: they are there already")
    left_open = _OPEN.search(source)
    one = _ONE_BRACE.search(source)
    if one and ("'}'" in said or left_open) and "expected ')'" not in said and "expected ']'" not in said:
        return Problem("`{{` is closed by one brace", at(one.start(1)), "close it with }}")
    if left_open and "nexpected end of template" in said:
        return Problem("a `{{` is closed nowhere", replace(at(left_open.start()), width=2), "close it with }}")
    return None


def _block(source: str, said: str, line: int, at: At) -> Problem | None:
    """Blocks whose end is missing or another one's."""
    innermost = re.search(r"innermost block that needs to be closed is '(\w+)'", said)
    stray = re.search(r"[Ee]ncountered unknown tag '(\w+)'", said)
    if stray:
        what = f"`{stray[1]}` closes nothing here" if stray[1].startswith("end") else f"there is no block `{stray[1]}`"
        mend = f"the block that is open is `{innermost[1]}`: write {{% end{innermost[1]} %}}" if innermost else \
            "no block is open" if stray[1].startswith("end") else did_you_mean(stray[1], sorted(_OPENING))
        return Problem(what, find(source, line, stray[1], at), mend)
    if innermost:
        opened = _still_open(source)
        place = at(opened) if opened is not None else find(source, line, innermost[1], at)
        return Problem(f"the block `{innermost[1]}` is closed nowhere", replace(place, width=len(innermost[1])),
                       f"write {{% end{innermost[1]} %}}")
    return None


def _still_open(source: str) -> int | None:
    """The offset of the word that opens the innermost block which nothing closes."""
    opened: list[tuple[str, int]] = []
    for found in _BLOCK.finditer(source):
        word = found[1]
        if word.startswith("end"):
            if opened and opened[-1][0] == word[3:]:
                opened.pop()
        elif word in _OPENING and not (word == "set" and "=" in source[found.end():source.find("%}", found.end())]):
            opened.append((word, found.start(1)))
    return opened[-1][1] if opened else None


def _as_said(said: str, source: str, line: int, at: At) -> Problem:
    for pattern, what, mend in _SYNTAX:
        found = re.search(pattern, said)
        if found:
            word = next((group for group in found.groups() if group), "")
            got = re.search(r"(?:unexpected(?: char)?|got) '([^']+)'", said)
            place = find(source, line, got[1] if got else word, at)
            return Problem(what.format(word), place, mend.format(word))
    what = said[:1].lower() + said[1:].rstrip(".")
    return Problem(f"this template cannot be read: {what}", find(source, line, "", at), "look at brackets and quotes")


def find(source: str, line: int, word: str, at: At) -> Place:
    """The place of a word in a line of a text (counted from 1); if it is not in it, that of the line's first template,
    or of the line."""
    start = 0
    for _ in range(line - 1):
        following = source.find("\n", start) + 1
        if not following:
            break
        start = following
    end = source.find("\n", start)
    body = source[start:end if end >= 0 else None]
    brace = max(0, min((index for index in map(body.find, ("{{", "{%", "{#")) if index >= 0), default=0))
    edges = (r"(?<![\w])", r"(?![\w])") if word[:1].isalnum() or word[:1] == "_" else ("", "")
    skipped = brace + 2 if not edges[0] and body[brace:brace + 1] == "{" else brace
    found = re.compile(edges[0] + re.escape(word) + edges[1]).search(body, skipped) if word else None
    if found is None:
        inside = re.compile(r"\{[{%#][-+]?\s*").match(body, brace)
        return at(start + (inside.end() if inside else len(body) - len(body.lstrip())))
    place = at(start + found.start())
    return replace(place, width=len(word)) if place.width == 1 else place


def place_in_file(path: str, source: str) -> At:
    """Places in the text of a file."""

    def at(offset: int) -> Place:
        before = source[:offset]
        return Place(path, before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1)

    return at


# -- texts that fail when they are rendered --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Where:
    """The innermost template that an error came from, and the line in it."""

    template: jinja2.Template | None
    line: int


def where(error: BaseException) -> Where:
    """Reads it off the traceback, as Jinja compiles templates to Python."""
    found = Where(None, 1)
    trace = error.__traceback__
    while trace is not None:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        if template is not None:
            found = Where(template, template.get_corresponding_lineno(trace.tb_lineno))
        trace = trace.tb_next
    return found


def run_problem(error: Exception, source: str, at: At, known: Callable[[], list[str]]) -> Problem:
    """What went wrong in running a text. known: the names of all variables."""
    position = where(error)
    if position.template is not None and position.template.name:
        path = position.template.name
        source = position.template.environment.loader.get_source(  # type: ignore[union-attr]
            position.template.environment, path)[0]
        at = place_in_file(path, source)
    if isinstance(error, NotDefined):
        return _not_defined(error, source, position, at, known)
    if isinstance(error, jinja2.TemplateSyntaxError):
        return syntax_problem(error, source, at, _environment(position, error))
    unknown = re.match(r"No (filter|test) named '(\w+)'", str(error))
    if unknown and position.template is not None:
        place = find(source, position.line, unknown[2], at)
        return _unknown(unknown[1], unknown[2], place, _environment(position, error))
    what, word, mend = _said(error)
    return Problem(what, find(source, position.line, word, at), mend)


def _said(error: Exception) -> tuple[str, str, str]:
    """What, the word to look for, and the mend."""
    if isinstance(error, KnownLater):
        return (f"{error.what} is known only on the host", error.word, error.mend or "it can only be passed on, as in "
                "`{{ v.stdout }}`; to act on a change use `watch`, `notify` or `only_if`")
    if isinstance(error, Misused):
        return error.what, error.word, error.mend
    if isinstance(error, TookTooLong):
        return error.what, "", error.mend
    if isinstance(error, jinja2.TemplateNotFound):
        return f"there is no template `{error.name}`", str(error.name), "look at the spelling"
    if isinstance(error, ZeroDivisionError):
        return "division by zero", "", "see that the divisor is not 0"
    if "integer string conversion" in str(error):
        return "the number is too long", "", "numbers have at most 4300 digits"
    if isinstance(error, MemoryError):
        return "this takes more memory than there is", "", "make less of it"
    if isinstance(error, RecursionError):
        return TOO_DEEP, "", "make it flatter, or end the recursion"
    if isinstance(error, jinja2.exceptions.SecurityError):
        return _forbidden(str(error))
    for pattern, what, mend in _RUNNING:
        found = re.search(pattern, str(error))
        if found:
            return what.format(*found.groups("")), "", mend
    if re.match("No (filter|test) named", str(error)):
        return "what `map` or `select` is given is no name of a filter or test", "", "write its name in quotes"
    said = str(error).rstrip(".") or type(error).__name__
    return said[:1].lower() + said[1:200], "", "look at what the template is given"


def _forbidden(said: str) -> tuple[str, str, str]:
    found = re.search(r"attribute '(\w+)'", said)
    word = found[1] if found else ""
    if word in _CHANGES:
        return f"`{word}` would change a value", word, "make a new one: `list + [x]`, `mapping | combine({'k': x})`"
    return f"`{word}` is out of bounds" if word else "this is out of bounds", word, \
        "templates reach keys and elements of values, and no more"


def _environment(position: Where, error: Exception) -> Environment:
    assert position.template is not None, error
    assert isinstance(position.template.environment, Environment)
    return position.template.environment


def _not_defined(error: NotDefined, source: str, position: Where, at: At, known: Callable[[], list[str]]) -> Problem:
    place = find(source, position.line, error.name, at)
    if error.holder is None:
        return undefined(error.name, place, known(), source)
    if isinstance(error.holder, (list, tuple)) and error.name.lstrip("-").isdecimal():
        return Problem(f"there is no element {error.name}", place,
                       f"the list has {len(error.holder)} elements, counted from 0")
    if not isinstance(error.holder, Mapping) and (error.name in FILTERS or error.name in DEFAULT_FILTERS):
        return Problem(f"there is no `{error.name}` in this", place, f"that is a filter: write `| {error.name}`")
    keys = [str(key) for key in error.holder] if isinstance(error.holder, Mapping) else []
    mend = did_you_mean(error.name, keys) or f"write `… | default(…)` where `{error.name}` need not be there"
    return Problem(f"there is no `{error.name}` in this", place, mend)


def undefined(name: str, place: Place, known: Collection[str], source: str = "") -> Problem:
    """A variable that is not there. source: the text that reads it."""
    return Problem(f"`{name}` is not defined", place,
                   _of_ansible(name, known) or _looks_like(name, source) or _nearest(name, known)
                   or f"define it, or write `{name} | default(…)`; text stands in quotes")


def _of_ansible(name: str, known: Collection[str]) -> str:
    """The mend for names that Ansible, Salt and Puppet give."""
    if name == "item":
        return "add `loop: […]` to the resource"
    if name in ("vars", "query", "q"):
        return "name the variable itself; those of another host are `hostvars['db1'].name`"
    if name == "now":
        return "a document says the same each time; the time of the host is in `facts`"
    if name in ("ansible_play_hosts", "play_hosts", "ansible_play_batch"):
        return "all hosts are `groups.all`, those of a group `groups.webs`"
    if name in _OF_ANSIBLE:
        return _OF_ANSIBLE[name]
    if name in ("grains", "facter"):
        return "what a host says of itself is in `facts`: as `facts.os.family`"
    if name in ("pillar", "hiera"):
        return "values stand in the document's `vars:` or in the inventory's"
    if name.startswith("ansible_"):
        return _nearest(name, [one for one in known if one.startswith("ansible_") and one != "ansible_managed"]) or \
            f"what a host says of itself is in `facts`: {_FACTS.get(name, 'as `facts.os.family`')}"
    return ""


_OF_ANSIBLE = {
    "ansible_user": "who logs in is said in the inventory, and no template needs it: write the name, or a variable",
    "ansible_host": "write `host.address`", "inventory_hostname_short": "write `inventory_hostname.split('.')[0]`",
    "ansible_env": "what a host's environment is, is not known here; the controller's is `lookup('env', 'HOME')`",
    "ansible_date_time": "a document says the same each time: a `command` on the host can tell the time",
    "ansible_check_mode": "leave it out: a plan is the same document, and changes nothing",
    **dict.fromkeys(("playbook_dir", "role_path", "inventory_dir"),
                    "files are looked for beside the document: write the name alone"),
}
_FACTS = {
    "ansible_os_family": "`facts.os.family`", "ansible_distribution": "`facts.os.name`",
    "ansible_distribution_version": "`facts.os.version`", "ansible_distribution_major_version": "`facts.os.version`",
    "ansible_distribution_release": "`facts.os.codename`", "ansible_hostname": "`facts.hostname`",
    "ansible_fqdn": "`facts.fqdn`", "ansible_architecture": "`facts.os.architecture`",
    "ansible_kernel": "`facts.os.kernel`", "ansible_memtotal_mb": "`facts.memory_mb`",
    "ansible_processor_vcpus": "`facts.cpus`", "ansible_default_ipv4": "`facts.network.default_ipv4.address`",
    "ansible_pkg_mgr": "`facts.package_manager`", "ansible_service_mgr": "`facts.service_manager`",
    "ansible_facts": "as `facts.os.family`", "ansible_virtualization_type": "`facts.virtualization`",
    "ansible_mounts": "`facts.mounts`", "ansible_python_version": "`facts.python.version`",
}


def _looks_like(name: str, source: str) -> str:
    """What is undefined because of how it is written."""
    dashed = re.search(rf"(?<![\w.]){re.escape(name)}((?:-[A-Za-z_]\w*)+)", source)
    if dashed:
        whole = name + dashed[1]
        return f"`-` subtracts: a name has none, as in `{whole.replace('-', '_')}`; text stands in quotes: '{whole}'"
    return ""


def _nearest(name: str, known: Collection[str]) -> str:
    found = did_you_mean(name, [one for one in known if one != name and (one not in BUILT_IN_NAMES or len(name) > 3)])
    return found if found.startswith("did") else ""
