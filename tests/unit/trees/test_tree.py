"""What a user sees of the YAML reader: values, exact places, and faults with their mend."""
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from holdfast.problems import Place
from holdfast.trees import tree
from holdfast.trees.tree import decode, load_all


def read(text, rules="strict"):
    documents, problems = load_all(text, "f.yml", rules=rules)
    assert problems == []
    return [document.plain() for document in documents]


def faults(text, rules="strict", **more):
    return [(problem.place.line, problem.place.column, problem.what, problem.mend)
            for problem in load_all(text, "f.yml", rules=rules, **more)[1]]


@pytest.mark.parametrize(("text", "strict", "ansible"), [
    ("a: true", True, True), ("a: False", False, False), ("a:", None, None), ("a: ~", None, None),
    ("a: 10", 10, 10), ("a: -1.5", -1.5, -1.5), ("a: 0x1F", 31, 31), ("a: 1e3", 1000.0, "1e3"),
    ("a: 2024-01-31", "2024-01-31", "2024-01-31"), ("a: 'yes'", "yes", "yes"), ('a: "0644"', "0644", "0644"),
    ("a: 08:30", "08:30", "08:30"), ("a: 1.2.3", "1.2.3", "1.2.3"), ("a: !!str 1", "1", "1"),
    ("a: [x, {y: 1}]", ["x", {"y": 1}], ["x", {"y": 1}]), ("a: nullable", "nullable", "nullable"),
])
def test_plain_value_means_what_both_readers_say(text, strict, ansible):
    for rules, wanted in (("strict", strict), ("ansible", ansible)):
        (value,) = read(text, rules)
        assert value == {"a": wanted}
        assert type(value["a"]) is type(wanted)


@pytest.mark.parametrize(("value", "mend", "ansible"), [
    ("yes", 'write true, or "yes" in quotes', True), ("Off", "write false", False), ("n", "write false", "n"),
    ("0644", '"0644" in quotes', 420), ("0o644", '"0o644" in quotes', "0o644"), ("1_000", "write 1000", 1000),
    ("1:30", '"1:30" in quotes', 90), (".inf", "in quotes", float("inf")), ("9e999", "in quotes", "9e999"),
])
def test_value_that_readers_disagree_on_is_refused_with_its_mend(value, mend, ansible):
    ((line, column, what, said),) = faults(f"x: 1\na: {value}\n")
    assert (line, column) == (2, 4)
    assert f"`{value}`" in what
    assert mend in said
    assert read(f"a: {value}", "ansible") == [{"a": ansible}]


def test_keys_are_words_even_if_they_look_like_booleans():
    assert read("on: 1\nno: 2\ny: 3\n1: 4") == [{"on": 1, "no": 2, "y": 3, 1: 4}]
    assert read("on: 1", "ansible") == [{True: 1}]


@pytest.mark.parametrize(("text", "line", "column", "mend"), [
    ("a: {{ x }}", 1, 4, "in quotes"), ("a:\n  - {{ x }}/y\n", 2, 5, "in quotes"), ("a: {% if x %}", 1, 4, "in quotes"),
    ("a:\n\tb: 1", 2, 1, "spaces"), ('a: 1\nb: "x\nc: 2', 2, 4, "closed nowhere"), ("a: b: c", 1, 5, "needs quotes"),
    ("a: *.example.org", 1, 4, "needs quotes"), ("a: @x", 1, 4, "needs quotes"), ("a: [1, 2\nb: 1", 1, 4, "comma"),
    ('a: "\\d"', 1, 5, "backslash"), ("a: *none", 1, 4, "in quotes"), ("a: &a [*a]", 1, 8, "in quotes"),
    ("a: !!python/object:os.system x", 1, 4, "leave the tag out"), ("a: !vault x", 1, 4, "{secret: NAME"),
    ("? [1]\n: 2", 1, 3, "before the colon"), ("a: 1\nb: \x07", 2, 4, "escape"), ("<<: 1", 1, 5, "anchor"),
])
def test_fault_is_one_problem_with_place_and_mend(text, line, column, mend):
    ((got_line, got_column, what, said),) = faults(text)
    assert (got_line, got_column) == (line, column), what
    assert mend in said


def test_all_faults_that_are_no_syntax_are_reported_at_once():
    assert [fault[0] for fault in faults("a: yes\nb: 007\nc: {{ x }}\na: 1\n")] == [1, 2, 3, 4]


def test_duplicate_key_names_both_places_but_ansible_takes_the_last():
    _, (problem,) = load_all("a: 1\nb:\n  c: 1\n  c: 2\n", "f.yml", rules="strict")
    assert problem.place == Place("f.yml", 4, 3, 1)
    assert problem.also == (("the other one", Place("f.yml", 3, 3, 1)),)
    assert read("a: 1\nb: 2\na: 3", "ansible") == [{"a": 3, "b": 2}]


def test_merge_keys_give_way_to_what_is_written():
    text = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz:\n  c: 3\n  <<: [*x, *y]\n"
    for rules in ("strict", "ansible"):
        assert read(text, rules)[0]["z"] == yaml.safe_load(text)["z"] == {"a": 1, "b": 1, "c": 3}


def test_aliases_that_multiply_are_refused_while_plain_ones_pass():
    laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 10))
    ((_, _, what, _),) = faults(laughs)
    assert str(tree.ALIASED) in what
    assert read("a: &a [1]\nb: *a") == [{"a": [1], "b": [1]}]


@pytest.mark.parametrize("text", ["[" * 60 + "]" * 60, "{a: " * 60 + "}" * 60, "a: {" + "{" * 3000])
def test_deep_nesting_is_refused(text):
    assert len(faults(text)) == 1


def test_depth_counts_through_aliases():
    text = "a: &a " + "[" * 30 + "]" * 30 + "\nb: " + "[" * 30 + "*a" + "]" * 30
    assert "in one another" in faults(text)[0][2]


def test_file_that_is_too_large_is_refused():
    assert faults("a: 123456789", limit=5)[0][2].startswith("the file is larger")
    assert faults("a: 1", limit=5) == []


def test_bytes_that_are_not_utf8_are_refused_at_their_place():
    text, (problem,) = decode(b"a: 1\nb\xc3\xa4: \xff\n", "f.yml")
    assert (text, problem.place) == ("", Place("f.yml", 2, 5))
    assert decode(b"\xef\xbb\xbfa: 1", "f.yml") == ("a: 1", [])


def test_documents_before_a_fault_are_kept():
    documents, problems = load_all("a: 1\n---\nb: 'x\n", "f.yml", rules="strict")
    assert [document.plain() for document in documents] == [{"a": 1}]
    assert len(problems) == 1


@pytest.mark.parametrize(("text", "at", "line", "column"), [
    ("a: go {{ x }}", "{{", 1, 7), ("a: 'go {{ x }}'", "{{", 1, 8), ("b: 1\na: \"go {{ x }}\"  # note", "{{", 2, 8),
    ("a: |\n  one\n    {{ x }}\n\n  end\n", "{{", 3, 5), ("a: |\n  one\n    {{ x }}\n\n  end\n", "end", 5, 3),
    ("a: |2\n     {{ x }}\n", "{{", 2, 6), ('a: "\\t{{ x }}"', "{{", 1, 4), ("a: >\n  one\n  {{ x }}\n", "{{", 1, 4),
    ("a: one\n  {{ x }}", "{{", 1, 4), ("a: &n !!str go {{ x }}", "{{", 1, 16), ("a: 'it''s {{ x }}'", "{{", 1, 4),
])
def test_place_inside_a_text_is_exact_or_that_of_the_text(text, at, line, column):
    ((document,), _) = load_all(text, "f.yml", rules="strict")
    node = document.get("a")
    place = node.place_at(node.value.index(at))
    assert (place.line, place.column) == (line, column)


def test_place_marks_the_value_and_the_key():
    ((document,), _) = load_all("one: [1, 2]\ntwo: 'x y'\n", "f.yml", rules="strict")
    assert document.get("one").place == Place("f.yml", 1, 6, 6)
    assert document.key("two").place == Place("f.yml", 2, 1, 3)
    assert document.get("two").written == "'x y'"
    assert document.get("three") is None


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=15)


@given(values)
@example({"y": "on", "<<": 1, "=": "~", "a": "1_0"})
def test_what_another_writer_wrote_is_read_the_same(value):
    text = yaml.safe_dump(value, allow_unicode=True)
    assert read(text, "ansible") == [yaml.safe_load(text)]


@given(st.text("ab:{}[]&*!|>'\"%@,- \n\t\r#?~0_.") | st.text())
def test_any_text_is_read_or_refused(text):
    for rules in ("strict", "ansible"):
        documents, problems = load_all(text, "f.yml", rules=rules)
        for problem in problems:
            assert problem.place.file == "f.yml"
        for document in documents:
            document.plain()
