"""What a user can see of `firewall` without a host: what is no rule, or leaves the table, is refused."""
import pytest

from holdfast_host import Blob, Refused, nft
from modules.firewall import Firewall


@pytest.mark.parametrize(("given", "said"), [
    ({}, "is missing"), ({"policy": {"input": "reject"}}, "reject is a rule"),
    ({"policy": {"inptu": "drop"}}, "did you mean `input`"),
    ({"input": "tcp dport 22 accept"}, "a list of rules"),
    ({"input": ["tcp dport 22 accept"]}, "no rule with its name"),
    ({"input": [{"a": "accept"}, {"a": "drop"}]}, "two rules with the name"),
    ({"input": [{"a": "accept }"}]}, "not one rule"), ({"input": [{"a": "accept; drop"}]}, "not one rule"),
    ({"input": [{"a": "accept # all"}]}, "not one rule"), ({"input": [{"a": "accept comment b"}]}, "that is its name"),
    ({"input": [{'a"': "accept"}]}, "not a rule's name"),
    ({"state": "absent", "input": [{"a": "accept"}]}, "says noth"),
    ({"input": [{"a": "accept"}], "source": Blob.of(b"")}, "a whole table"),
])
def test_what_is_no_rule_is_refused(given, said):
    with pytest.raises(Refused, match=said):
        Firewall(table="t", **given)


@pytest.mark.parametrize("text", ["}\ntable inet other {\n", "chain a {", 'include "/etc/x"\n'])
def test_a_text_that_leaves_its_table_is_refused(text):
    with pytest.raises(Refused, match="not the inside of a table"):
        Firewall(table="t", source=Blob.of(text.encode())).body()
    assert Firewall(table="t", source=Blob.of(b'chain a { log prefix "}" # }\n}')).body().endswith("}\n"), "the control"


def test_what_packets_fill_is_no_difference():
    listing = ("table inet t {\n\tset a {\n\t\ttype ipv4_addr\n%s"
               "\t\telements = { 192.0.2.1,\n\t\t\t 192.0.2.2 }\n\t}\n}\n")
    assert "elements" not in nft.settled(listing % "\t\tflags dynamic,timeout\n")
    assert nft.settled(listing % "") == listing % ""
