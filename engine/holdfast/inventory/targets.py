"""Target expressions, which select hosts: `role=web and not env=dev`, `group:db`, `web*`, `facts.os.family=debian`."""
from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import NoReturn, get_args

from holdfast.inventory.expressions import (
    All,
    And,
    FactHolds,
    FactIs,
    Facts,
    HasTag,
    HostNamed,
    InGroup,
    Not,
    Operator,
    Or,
    Pattern,
    TagIs,
    Term,
    is_comparable,
    is_glob,
)
from holdfast.inventory.model import Inventory
from holdfast.inventory.selecting import empty_selection, unknown_names
from holdfast.problems import Place, Problem, Problems

LONGEST = 10_000  # characters
DEEPEST = 50  # parentheses and `not` in one another

_TOKEN = re.compile(r"""\s*(?:
    (?P<word>(?:[^\s()\[\],=!<>'"&|]|\[[^\]\s'"]*\])+)
  | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<operator>!=|>=|<=|==|=|<|>)
  | (?P<sign>[(),])
  | (?P<odd>\S)
  | (?P<end>\Z))""", re.VERBOSE | re.DOTALL)
_PATH = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\Z")
_ODD = {"!": "write `not`, or `!=` between a key and a value", "&": "write `and`", "|": "write `or`",
        "'": "close the quote", '"': "close the quote", "[": "close the bracket", "]": "put the name in quotes"}
_WORDS = ("and", "or", "not")
_STARTS = "write key=value, group:NAME, tag:KEY, facts.PATH=value, or the name of a host"


@dataclass(frozen=True, slots=True)
class Expression:
    """A target expression. Two are equal if they say the same in the same form; `parse(str(it))` is equal to it.

    place_at: the place of a character of the text it was read from.
    """

    term: Term
    place_at: Callable[[int], Place] = field(compare=False, repr=False)

    def __str__(self) -> str:
        return str(self.term)

    @property
    def fact_paths(self) -> frozenset[str]:
        """The facts that must be known to select by it, as dotted paths."""
        return self.term.fact_paths

    def check(self, inventory: Inventory) -> None:
        """Raises Problems for names of groups and hosts that do not exist; needs no facts."""
        problems = list(unknown_names(self.term, inventory, self.place_at))
        if problems:
            raise Problems(problems)

    def select(self, inventory: Inventory, facts: Facts | None = None) -> tuple[str, ...]:
        """The hosts, in inventory order; at least one.

        facts: by host; needed if there are fact_paths. Raises Problems: for names of groups and hosts that do not
        exist, and if no host is selected.
        """
        problems = list(unknown_names(self.term, inventory, self.place_at))
        if self.fact_paths and facts is None:
            paths = ", ".join(f"facts.{path}" for path in sorted(self.fact_paths))
            problems.append(Problem(f"{paths}: the facts of the hosts are not known here", self.place_at(0),
                                    "gather them first, or select by tags and groups"))
        hosts = self.term.matching(inventory, facts) if not problems else ()
        if not problems and not hosts:
            problems.append(empty_selection(self.term, inventory, facts, self.place_at))
        if problems:
            raise Problems(problems)
        return hosts


def parse(text: str, place_at: Callable[[int], Place] | None = None) -> Expression:
    """The expression that the text says.

    place_at: gives the place of a character of the text; default: columns of line 1 of a file called `targets`.
    Raises Problems.
    """
    places = place_at or (lambda offset: Place("targets", 1, offset + 1, text=text))
    return Expression(_Parser(text, places).expression(), places)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


class _Parser:
    """One text; reads it once, from left to right."""

    def __init__(self, text: str, place_at: Callable[[int], Place]) -> None:
        self.place_at = place_at
        if len(text) > LONGEST:
            raise Problems([Problem(f"the expression is longer than {LONGEST} characters", place_at(0),
                                    "give the hosts a tag, and select by that")])
        self.tokens = list(_tokens(text))
        self.at = 0
        self.depth = 0

    def expression(self) -> Term:
        term = self.either()
        if self.now.kind != "end":
            before = self.tokens[self.at - 1]
            self.refuse(f"`{self.now.text}` is not expected here", self.now, _mend_between(before, self.now))
        return term

    @property
    def now(self) -> _Token:
        return self.tokens[self.at]

    def take(self) -> _Token:
        token = self.now
        self.at += token.kind != "end"
        return token

    def takes(self, *texts: str) -> bool:
        """Takes the token if it is one of these words or signs."""
        if self.now.kind in ("word", "sign") and self.now.text in texts:
            self.at += 1
            return True
        return False

    def either(self) -> Term:
        start, terms = self.now.start, [self.both()]
        while self.takes("or", ","):
            terms.append(self.both())
        return terms[0] if len(terms) == 1 else Or(tuple(terms), **self.span(start))

    def both(self) -> Term:
        start, terms = self.now.start, [self.negated()]
        while self.takes("and"):
            terms.append(self.negated())
        return terms[0] if len(terms) == 1 else And(tuple(terms), **self.span(start))

    def negated(self) -> Term:
        start = self.now
        self.depth += 1
        if self.depth > DEEPEST:
            self.refuse(f"more than {DEEPEST} parentheses and `not` in one another", start, "make it flatter")
        if self.takes("not"):
            term: Term = Not(self.negated(), **self.span(start.start))
        elif self.takes("("):
            term = self.either()
            if not self.takes(")"):
                self.refuse("this parenthesis is closed nowhere", start, "write `)`")
        else:
            term = self.single()
        self.depth -= 1
        return term

    def single(self) -> Term:
        token = self.take()
        if token.kind not in ("word", "text") or (token.kind == "word" and token.text in ("and", "or")):
            what = "the expression ends here" if token.kind == "end" else f"`{token.text}` is not expected here"
            self.refuse(what, token, _ODD.get(token.text[:1], _STARTS))
        if token.kind == "word" and token.text.startswith("facts."):
            return self.fact(token)
        if token.kind == "word" and token.text.startswith(("group:", "tag:")):
            kind, _, rest = token.text.partition(":")
            name = self.prefixed(token, rest)
            term = InGroup(name, **self.span(token.start)) if kind == "group" else self.has_tag(name, token)
            self.refuse_operator(f"`{kind}:` takes no value", "write key=value for the value of a tag")
            return term
        if self.now.kind == "operator":
            return self.tag(token)
        if token.kind == "word" and token.text == "all":
            return All(**self.span(token.start))
        return HostNamed(self.pattern(token), **self.span(token.start))

    def prefixed(self, token: _Token, rest: str) -> Pattern:
        """The name after `group:` or `tag:`, which may be in quotes."""
        if rest:
            return Pattern(rest, is_glob(rest))
        if self.now.kind == "text" and self.now.start == token.end:
            return Pattern(_unquoted(self.take().text))
        return self.refuse(f"there is no name after `{token.text}`", token, f"write {token.text}NAME, without a space")

    def has_tag(self, name: Pattern, token: _Token) -> Term:
        if name.glob:
            self.refuse("the key of a tag is no pattern", token, "write the key in full")
        return HasTag(name.text, **self.span(token.start))

    def tag(self, token: _Token) -> Term:
        key = self.pattern(token)
        if key.glob:
            self.refuse("the key of a tag is no pattern", token, "write the key in full; the value may be a pattern")
        operator = self.operator()
        if operator not in ("=", "!="):
            self.refuse("tags are compared with = and != only", self.tokens[self.at - 1],
                        f"write {key.text}=VALUE; facts can be smaller or larger")
        return TagIs(key.text, self.value(), operator == "!=", **self.span(token.start))

    def fact(self, token: _Token) -> Term:
        path = token.text.removeprefix("facts.")
        if not _PATH.match(path):
            self.refuse(f"`{token.text}` is no path of a fact", token, "write it as facts.os.family")
        if self.now.kind != "operator":
            return FactHolds(path, **self.span(token.start))
        operator = self.operator()
        at = self.now
        value = self.value()
        if operator not in ("=", "!=") and not is_comparable(value.text):
            self.refuse(f"`{value.text}` is neither a number nor a version", at, "write = or !=, or a number")
        return FactIs(path, operator, value, **self.span(token.start))

    def operator(self) -> Operator:
        token = self.take()
        for known in get_args(Operator):
            if token.text == known:
                return known  # type: ignore[no-any-return]
        return self.refuse(f"`{token.text}` compares nothing here", token, "write one `=`")

    def value(self) -> Pattern:
        token = self.take()
        if token.kind not in ("word", "text"):
            self.refuse("a value is missing here", token, 'write it after the sign; in quotes if it is empty: ""')
        return self.pattern(token)

    def pattern(self, token: _Token) -> Pattern:
        if token.kind == "text":
            return Pattern(_unquoted(token.text))
        return Pattern(token.text, is_glob(token.text))

    def refuse_operator(self, what: str, mend: str) -> None:
        if self.now.kind == "operator":
            self.refuse(what, self.now, mend)

    def span(self, start: int) -> dict[str, int]:
        return {"column": start, "width": max(1, self.tokens[self.at - 1].end - start)}

    def refuse(self, what: str, token: _Token, mend: str) -> NoReturn:
        place = self.place_at(token.start)
        place = replace(place, width=max(1, token.end - token.start))
        raise Problems([Problem(what, place, mend)])


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while True:
        match = _TOKEN.match(text, at)
        assert match is not None, "every text starts with one of the kinds"
        kind = str(match.lastgroup)
        yield _Token(kind, match[kind], match.start(kind), match.end(kind))
        if kind == "end":
            return
        at = match.end()


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)


def _mend_between(before: _Token, token: _Token) -> str:
    for word in (before.text, token.text):
        meant = difflib.get_close_matches(word.lower(), _WORDS, 1, 0.65) if word not in _WORDS else []
        if meant and len(word) < 5 and token.text.lower() not in _WORDS:
            return f"did you mean `{meant[0]}` by `{word}`?"
    if token.text.lower() in ("and", "or", "not"):
        return f"write `{token.text.lower()}` in small letters"
    if token.text == ")":
        return "take it out, or open it before"
    return _ODD.get(token.text[:1], "write `and`, `or` or a comma before it")
