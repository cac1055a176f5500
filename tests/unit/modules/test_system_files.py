"""What a user can see of `environment`, `limits`, `logrotate`, `tmpfiles` and `ca_certificate` without a host: texts
before and after, and what is refused. The contract suite sees on real hosts that they take effect."""
import pytest

from holdfast_host import Refused
from modules.ca_certificate import CaCertificate
from modules.environment import Environment
from modules.limits import Limits
from modules.logrotate import Logrotate
from modules.tmpfiles import Tmpfiles


@pytest.mark.parametrize(("before", "arguments", "after"), [
    ("# c\nA=1\n", {"value": "2"}, "# c\nA=2\n"),
    ('A="2"\n', {"value": "2"}, 'A="2"\n'),
    ("export A=2\n", {"value": "2"}, "export A=2\n"),
    ("A=1\nB=1\nA=2\n", {"value": "2"}, "A=2\nB=1\n"),
    ("AB=1", {"value": "x y"}, 'AB=1\nA="x y"\n'),
    ("", {"value": 'say "x"'}, "A='say \"x\"'\n"),
    ("", {"value": "it's #1", "profile": "p"}, "export A='it'\"'\"'s #1'\n"),
    ("export A=2\nA=3\n", {"state": "absent"}, ""),
])
def test_environment_becomes(before, arguments, after):
    one = Environment(name="A", **arguments)
    assert one.edited(before) == after
    assert one.edited(after) == after


LIMIT = {"domain": "@crew", "item": "nofile"}


@pytest.mark.parametrize(("before", "arguments", "after"), [
    ("# c\n", {"soft": "1", "hard": "2"}, "# c\n@crew\tsoft\tnofile\t1\n@crew\thard\tnofile\t2\n"),
    ("@crew  soft  nofile  1 # why\n", {"soft": "1"}, "@crew  soft  nofile  1 # why\n"),
    ("@crew - nofile 9\nx - nofile 9\n", {"hard": "2"}, "@crew\thard\tnofile\t2\nx - nofile 9\n"),
    ("@crew - nofile 9\nx - nofile 9\n", {"state": "absent"}, "x - nofile 9\n"),
])
def test_limits_become(before, arguments, after):
    one = Limits(**LIMIT, **arguments)
    assert one.edited(before) == after
    assert one.edited(after) == after


def test_rotation_is_spelled_as_logrotate_reads_it():
    one = Logrotate(name="a", paths=["/l/*.log", "/m/n o"], every="daily", keep=3, options=["missingok"], after="x\ny")
    assert one.text() == ('"/l/*.log" "/m/n o" {\n    daily\n    rotate 3\n    compress\n    missingok\n'
                          "    sharedscripts\n    postrotate\n        x\n        y\n    endscript\n}\n")


@pytest.mark.parametrize(("make", "what"), [
    (lambda: Environment(name="A B", value="x"), "is not a variable's name"),
    (lambda: Environment(name="A", value="x#y"), "cannot hold"),
    (lambda: Environment(name="A", value="x\ny"), "more than one line"),
    (lambda: Environment(name="A"), "`value` is missing"),
    (lambda: Limits(**LIMIT, soft="3", hard="2"), "is above `hard`"),
    (lambda: Limits(**LIMIT, soft="unlimited", hard="2"), "is above `hard`"),
    (lambda: Limits(**LIMIT, soft="many"), "is a number or"),
    (lambda: Limits(domain="a b", item="nofile", soft="1"), "is not an account"),
    (lambda: Limits(domain="a", item="nofiles", soft="1"), "did you mean `nofile`"),
    (lambda: Logrotate(name="a.dpkg-old", paths=["/x"]), "is not a name that logrotate reads"),
    (lambda: Logrotate(name="a", paths=["/x {"]), "is not the path of log files"),
    (lambda: Logrotate(name="a", paths=["/x"], options=["missingok }"]), "is not an option"),
    (lambda: Logrotate(name="a", paths=["/x"], after="a\nendscript\nb"), "own mark"),
    (lambda: Logrotate(name="a", content="x", paths=["/x"]), "says all of it"),
    (lambda: Tmpfiles(name="a.conf", lines=["d /x"]), "without `.conf`"),
    (lambda: Tmpfiles(name="a", lines=["dir /x"]), "is not a line of tmpfiles.d"),
    (lambda: Tmpfiles(name="a"), "`lines` is missing"),
    (lambda: CaCertificate(name="a.crt", content="x"), "without its end"),
    (lambda: CaCertificate(name="a", content="x"), "holds 0 certificates"),
    (lambda: CaCertificate(name="a", content="-----BEGIN PRIVATE KEY-----"), "holds a private key"),
])
def test_what_is_wrong_is_refused(make, what):
    with pytest.raises(Refused, match=what):
        make()
