"""Which hosts a user's target expression selects, and what is said when it cannot be meant so."""
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.inventory.expressions import (
    WORDS,
    All,
    And,
    FactHolds,
    FactIs,
    HasTag,
    HostNamed,
    InGroup,
    Not,
    Or,
    Pattern,
    TagIs,
)
from holdfast.inventory.model import Group, Host, Inventory
from holdfast.inventory.targets import parse
from holdfast.problems import Place, Problems, explain


def fleet(**hosts):
    """name=(groups, tags)"""
    made = {name: Host(name, tuple(sorted(groups)), tags, (), Place("f", 1)) for name, (groups, tags) in hosts.items()}
    names = {group for groups, _ in hosts.values() for group in groups} | {"all", "ungrouped", "empty"}
    groups = {name: Group(name, tuple(host for host in made if name in made[host].groups)) for name in sorted(names)}
    return Inventory(made, groups)


FLEET = fleet(
    web01=(["web"], {"role": "web", "env": "prod"}), web02=(["web"], {"role": "web", "env": "dev"}),
    web03=(["web", "spare"], {"role": "web", "env": "prod", "rack": "a 1"}),
    db1=(["db"], {"role": "db", "env": "prod"}),
    lone=([], {}))
FACTS = {
    "web01": {"os": {"family": "debian", "version": "12.10"}, "memory_mb": 2048, "ipv4": ["10.0.0.1", "192.168.0.1"]},
    "web02": {"os": {"family": "debian", "version": "12.9"}, "memory_mb": 512, "virtual": True},
    "db1": {"os": {"family": "redhat", "version": "9"}, "memory_mb": 4096.0, "virtual": False},
}


@pytest.mark.parametrize(("text", "hosts"), [
    ("all", "web01 web02 web03 db1 lone"), ("role=web", "web01 web02 web03"),
    ("role=web and not env=dev", "web01 web03"),
    ("role!=web", "db1 lone"), ("not role=web", "db1 lone"), ("role=web,role=db", "web01 web02 web03 db1"),
    ("role=db or env=dev", "web02 db1"), ("env=prod and (role=db or rack=*)", "web03 db1"), ("tag:rack", "web03"),
    ("not tag:role", "lone"), ("group:db", "db1"), ("group:web and group:spare", "web03"),
    ("group:w*", "web01 web02 web03"),
    ("group:all", "web01 web02 web03 db1 lone"), ("group:ungrouped", "lone"), ("web*", "web01 web02 web03"),
    ("web01", "web01"), ("web01,db1", "web01 db1"), ("web[01:02]", "web01 web02"), ("web0[13]", "web01 web03"),
    ("web0?", "web01 web02 web03"), ("role='web' and rack=\"a 1\"", "web03"), ('"web01"', "web01"),
    ("env=p*", "web01 web03 db1"),
    ("role=db or role=web and env=dev", "web02 db1"),  # `and` binds closer
    ("facts.os.family=debian", "web01 web02"), ("facts.os.family!=debian", "web03 db1 lone"),
    ("facts.memory_mb>=2048", "web01 db1"),
    ("facts.memory_mb=4096", "db1"), ("facts.memory_mb<2048", "web02"), ("facts.os.version>=12.10", "web01"),
    ("facts.os.version>12", "web01 web02"), ("facts.os.version<=9.0", "db1"), ("facts.ipv4=10.*", "web01"),
    ("facts.ipv4.1=192.168.0.1", "web01"), ("facts.virtual", "web02"), ("facts.virtual=false", "db1"),
    ("facts.os", "web01 web02 db1"), ("facts.none!=x", "web01 web02 web03 db1 lone"),
    ("  all  ", "web01 web02 web03 db1 lone"),
])
def test_expression_selects(text, hosts):
    assert " ".join(parse(text).select(FLEET, FACTS)) == hosts


@pytest.mark.parametrize(("text", "column", "says", "mend"), [
    ("", 1, "ends here", "key=value"), ("role=web and", 13, "ends here", "key=value"),
    ("role=", 6, "value is missing", '""'),
    ("(role=web", 1, "closed nowhere", ")"), ("role=web)", 9, "not expected", "take it out"),
    ("role=web db1", 10, "`db1` is not expected", "`and`"), ("role=web AND env=dev", 10, "`AND`", "small letters"),
    ("role==web", 5, "`==`", "one `=`"), ("web*:!db", 6, "`!`", "not"), ("web & db", 5, "`&`", "`and`"),
    ("role='web", 6, "value is missing", '""'), ("group: web", 1, "no name after `group:`", "without a space"),
    ("group:web=1", 10, "takes no value", "key=value"), ("ro*=web", 1, "no pattern", "in full"),
    ("role>web", 5, "= and != only", "role=VALUE"), ("facts.memory_mb>lots", 17, "neither a number", "= or !="),
    ("facts.=x", 1, "no path", "facts.os.family"), ("and", 1, "`and` is not expected", "key=value"),
    ("not " * 60 + "all", 201, "in one another", "flatter"),
    ("(" * 60 + "all" + ")" * 60, 51, "in one another", "flatter"),
    ("x" * 10_001, 1, "longer than", "tag"), ("web[1", 4, "`[`", "bracket"),
])
def test_fault_is_shown_at_its_column_with_a_mend(text, column, says, mend):
    with pytest.raises(Problems) as refused:
        parse(text)
    (problem,) = refused.value.problems
    assert problem.place.column == column, problem
    assert says in problem.what
    assert mend in problem.mend


@pytest.mark.parametrize(("text", "says", "mend"), [
    ("role=wbe", "`role=wbe` selects no host", "did you mean `web`?"),
    ("role=cache", "selects no host", "known values of role: db, web"),
    ("rle=web", "selects no host", "no host has the tag `rle`: did you mean `role`?"),
    ("role=db and env=dev", "role=db selects 1, env=dev selects 1", "loosen a part"),
    ("role=db and env=test", "role=db selects 1, env=test selects none", "known values of env: dev, prod"),
    ("group:wbe", "there is no group `wbe`", "did you mean `web`?"),
    ("group:empty", "selects no host", "no host is in"),
    ("web1", "there is no host `web1`", "did you mean `web0"),
    ("role=web,db", "there is no host `db`", "write group:db"),
    ("prod", "there is no host `prod`", "write env=prod for the tag"), ("nix*", "selects no host", "no host is called"),
    ("all and not vanished", "there is no host `vanished`", "db1"),
    ("facts.os.family=debain", "selects no host", "did you mean `debian`?"),
    ("facts.os.famly=debian", "selects no host", "no host has the fact `os.famly`"),
    ("facts.os.version<1", "selects no host", "known values of facts.os.version: "),
])
def test_expression_that_selects_nothing_says_what_was_meant(text, says, mend):
    with pytest.raises(Problems) as refused:
        parse(text).select(FLEET, FACTS)
    (problem,) = refused.value.problems
    assert says in problem.what
    assert mend in problem.mend


def test_all_unknown_names_are_reported_at_once_where_they_stand():
    text = "group:wbe or (db9 and group:dbs)"
    with pytest.raises(Problems) as refused:
        parse(text, lambda offset: Place("site.yml", 2, 10 + offset)).select(FLEET)
    assert [(problem.place.column, problem.place.width) for problem in refused.value.problems] == [(10, 9), (24, 3),
    (32, 9)]


def test_facts_that_are_needed_are_named_and_asked_for():
    expression = parse("facts.os.family=debian or (facts.virtual and role=web)")
    assert expression.fact_paths == {"os.family", "virtual"}
    assert parse("role=web").fact_paths == frozenset()
    with pytest.raises(Problems, match=r"facts\.os\.family, facts\.virtual"):
        expression.select(FLEET)


def test_empty_inventory_is_named_as_the_cause():
    with pytest.raises(Problems, match="the inventory has none"):
        parse("all").select(fleet())


# -- properties -------------------------------------------------------------------------------------------------------

words = st.from_regex(r"[a-z0-9_.-]{1,6}", fullmatch=True) | st.sampled_from(
    ["web", "db", "prod", "", "a b", "and", "group:x", "facts.y", "tag:", 'q"\\', "*", "[", "é", "'"])
globs = st.from_regex(r"[a-z]{0,3}(\*|\?|\[[a-c]\]|\[0[1-3]:0[4-6]\])[a-z]{0,2}", fullmatch=True)
patterns = st.builds(Pattern, words) | st.builds(Pattern, globs, st.just(True))
paths = st.from_regex(r"[a-z]{1,3}(\.[a-z0-9]{1,3}){0,2}", fullmatch=True)
keys = words.filter(bool)
bare = st.builds(Pattern, keys) | st.builds(Pattern, globs, st.just(True))
leaves = (st.builds(All) | st.builds(HostNamed, patterns) | st.builds(InGroup, bare) | st.builds(HasTag, keys)
          | st.builds(TagIs, words, patterns, st.booleans()) | st.builds(FactHolds, paths)
          | st.builds(FactIs, paths, st.sampled_from(["=", "!="]), patterns)
          | st.builds(FactIs, paths, st.sampled_from(["<", "<=", ">", ">="]), st.builds(Pattern, st.just("1.2"))))


def several(inner):
    return st.lists(inner, min_size=2, max_size=3).map(tuple)


terms = st.recursive(
    leaves, lambda inner: st.builds(Not, inner) | st.builds(And, several(inner)) | st.builds(Or, several(inner)),
    max_leaves=8)
names = st.sampled_from(["web1", "web2", "db1", "a", "b"])
tags = st.dictionaries(st.sampled_from(["role", "env"]), st.sampled_from(["web", "db", "prod"]))
hosts = st.tuples(st.lists(st.sampled_from(["web", "db", "x"]), max_size=2, unique=True), tags)
fleets = st.dictionaries(names, hosts, max_size=5).map(lambda made: fleet(**made))
values = (st.integers(0, 4) | st.sampled_from(["1.2", "2", "web"]) | st.booleans() | st.none()
          | st.lists(st.integers(0, 3), max_size=2))
facts = st.dictionaries(names, st.dictionaries(st.from_regex("[a-c]", fullmatch=True), values))


@given(terms)
def test_expression_is_read_back_as_it_was_written(term):
    assert parse(str(term)).term == term
    assert str(parse(str(term))) == str(term)


@given(terms, terms, fleets, facts)
def test_selections_obey_boolean_algebra(one, other, inventory, known):
    def of(term):
        return set(term.matching(inventory, known))

    everything = of(All())
    assert of(Not(one)) == everything - of(one)
    assert of(And((one, other))) == of(one) & of(other)
    assert of(Or((one, other))) == of(one) | of(other)
    assert of(Not(And((one, other)))) == of(Or((Not(one), Not(other))))
    assert of(Not(Not(one))) == of(one)
    assert list(one.matching(inventory, known)) == [name for name in inventory.hosts if name in of(one)]


@given(words, patterns, fleets)
def test_unequal_is_the_opposite_of_equal(key, pattern, inventory):
    assert TagIs(key, pattern, True).matching(inventory) == Not(TagIs(key, pattern)).matching(inventory)


@given(st.text("ab*?[]()=!<>,\"'\\ .:1") | st.text() | terms.map(str), fleets, facts | st.none())
def test_any_text_selects_hosts_or_raises_problems(text, inventory, known):
    problems = ()
    try:
        selected = parse(text).select(inventory, known)
    except Problems as refused:
        selected, problems = (), refused.problems
    assert bool(selected) != bool(problems)
    assert all(problem.place for problem in problems)


def test_words_of_the_grammar_can_be_written_in_quotes():
    for word in sorted(WORDS):
        assert parse(f'"{word}"').term == HostNamed(Pattern(word))


@pytest.mark.parametrize(("text", "shown"), [
    ("role=web and nto env=dev", "^^^ did you mean `not` by `nto`?"),
    ("role=web adn env=dev", "^^^ did you mean `and` by `adn`?"),
    ("group:wbe", "^^^^^^^^^ did you mean `web`?"),
])
def test_expression_itself_is_shown_with_a_caret(text, shown):
    with pytest.raises(Problems) as caught:
        parse(text).select(Inventory({}, {"web": Group("web", ())}))
    _, line, caret = explain(caught.value.problems[0]).splitlines()
    assert line.endswith(f"| {text}")
    assert caret.endswith(shown)
    assert line[caret.index("^"):].startswith(text.split("=")[0] if ":" in text else text[caret.index("^") - 8:][:3])
