"""What `acl` and `alternatives` read and refuse; the contract suite sees on real hosts that they take effect."""
import pytest

from holdfast_host import Refused
from holdfast_host.record import with_fields
from modules import acl, alternatives
from modules.acl import Acl
from modules.alternatives import Alternatives
from tests.unit.modules.settling import shown


def test_entries_count_as_far_as_the_mask_lets_them():
    text = ("# file: /a\\040b\n# owner: 0\n# group: 0\nuser::rwx\nuser:7:rwx\ngroup::r-x\ngroup:8:-wx\nmask::r-x\n"
            "other::r-x\ndefault:user::rwx\ndefault:user:7:rw-\ndefault:mask::rwx\n\n# file: /\\303\\274\nuser::rw-\n")
    first, second = acl.parsed(text)
    assert (first.path, second.path) == ("/a b", "/ü")
    assert first.entries == {("user", "7"): "r-x", ("group", "8"): "--x", ("default:user", "7"): "rw-"}
    assert second.entries == {}


def test_alternatives_are_read_from_their_paragraphs():
    found = alternatives.parsed("Name: e\nLink: /usr/bin/e\nStatus: manual\nBest: /a\nValue: /b\n\n"
                                "Alternative: /a\nPriority: 50\nSlaves:\n e.1 /x\n\nAlternative: /b\nPriority: 10\n",
                                True)
    assert (found.link, found.status, found.value, found.known) == (
        "/usr/bin/e", "manual", "/b", (("/a", 50), ("/b", 10)))
    assert alternatives.parsed("", True).link == ""


def test_what_stands_at_the_general_path_counts():
    known = alternatives.Observed("/usr/bin/e", "manual", "/b", (("/b", 10),))
    one = Alternatives(name="e", path="/b")
    assert one.diff(known) is None
    lost = one.diff(with_fields(known, stands="nothing"))
    assert shown(lost) == {"/usr/bin/e": ("nothing", "/etc/alternatives/e")}
    assert shown(Alternatives(name="e", path="auto").diff(with_fields(known, status="auto", stands="/x")))
    for observed in (with_fields(known, stands="file"), alternatives.Observed(stands="file")):
        with pytest.raises(Refused, match="/usr/bin/e is no link but a file"):
            Alternatives(name="e", path="/b", link="/usr/bin/e", priority=10).diff(observed)


@pytest.mark.parametrize(("make", "what"), [
    (lambda: Acl(path="/a"), "`entries` is missing"),
    (lambda: Acl(path="/a", entries=["deploy:rw"]), "is not an entry"),
    (lambda: Acl(path="/a", entries=["u::rw"]), "is not an entry"),
    (lambda: Acl(path="/a", entries=["u:a:r", "user:a:w"]), "names somebody twice"),
    (lambda: Alternatives(name="a", path="b"), "is not an absolute path"),
    (lambda: Alternatives(name="a", path="/b", link="/c"), "`priority` is missing"),
    (lambda: Alternatives(name="a", path="auto", state="absent"), "none of the alternatives"),
    (lambda: Alternatives(name="a/b", path="/b"), "is not a name"),
])
def test_what_is_wrong_is_refused(make, what):
    with pytest.raises(Refused, match=what):
        make()
