"""What is said of `sudoers` before any host is touched; the contract suite sees on real hosts that sudo does so."""
import pytest

from holdfast_host import Refused
from modules.sudoers import Sudoers


@pytest.mark.parametrize(("arguments", "text"), [
    ({"users": ["a", "b"], "commands": ["/bin/x y", "ALL"]}, "a, b ALL=(root) /bin/x y, ALL\n"),
    ({"groups": ["g"], "commands": ["/bin/x a,b=c:d"], "password": False, "run_as": ["ALL"]},
     "%g ALL=(ALL) NOPASSWD: /bin/x a\\,b\\=c\\:d\n"),
    ({"content": "a ALL=ALL"}, "a ALL=ALL\n"),
])
def test_rules_are_spelled_as_sudo_reads_them(arguments, text):
    assert Sudoers(name="n", **arguments).text() == text


@pytest.mark.parametrize(("arguments", "what"), [
    ({"name": "a.conf", "content": "x"}, "passes over names with a dot"),
    ({"name": "a~", "content": "x"}, "passes over"),
    ({"name": "../x", "content": "x"}, "is not a name"),
    ({"name": "a", "users": ["u"]}, "`commands` is missing"),
    ({"name": "a", "commands": ["ALL"]}, "`users` is missing"),
    ({"name": "a", "users": ["u"], "commands": ["id"]}, "the program's whole path"),
    ({"name": "a", "users": ["u"], "commands": ["/bin/a\nu ALL=ALL"]}, "more than one line"),
    ({"name": "a", "users": ["u, ALL"], "commands": ["ALL"]}, "is not an account"),
    ({"name": "a", "users": ["u"], "commands": ["ALL"], "run_as": ["root) ALL"]}, "is not an account"),
    ({"name": "a", "content": "x", "password": False}, "says all of it"),
    ({"name": "a", "content": "@include /etc/x"}, "includes other files"),
    ({"name": "a", "content": "x", "state": "absent"}, "to be absent"),
])
def test_what_sudo_would_not_read_is_refused(arguments, what):
    with pytest.raises(Refused, match=what):
        Sudoers(**arguments)
