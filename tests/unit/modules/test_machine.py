"""What a user can see of kernel_module, swap and locale without a host: what is refused, and what files become."""
import pytest

from holdfast_host import Refused, files, regular
from modules.kernel_module import KernelModule
from modules.kernel_module import Observed as Module
from modules.locale import Locale, plain
from modules.swap import MIB, Observed, Swap

NOTHING = regular.Observed("/etc/x.conf", None, fresh=files.FileState("file", "0644", "root", "root"))
FSTAB = regular.Observed("/etc/fstab", files.FileState("file", "0644", "root", "root", "", 0), b"")


@pytest.mark.parametrize(("cls", "given", "said"), [
    (KernelModule, {"name": "a b"}, "not a module's name"),
    (KernelModule, {"name": "a", "options": {"x": "1 install y"}}, "not an option"),
    (KernelModule, {"name": "a", "state": "absent", "options": {"x": "1"}}, "that is loaded"),
    (KernelModule, {"name": "a", "boot": False, "now": False}, "no place for that"),
    (Swap, {"path": "/swap"}, "size_mib"), (Swap, {"path": "/dev/sda1", "size_mib": 1}, "a device has its size"),
    (Swap, {"path": "/a b", "size_mib": 1}, "not the path"),
    (Locale, {"name": "de DE"}, "not a locale"), (Locale, {"name": "C", "state": "absent"}, "part of the C library"),
])
def test_what_cannot_be_is_refused(cls, given, said):
    with pytest.raises(Refused, match=said):
        cls(**given)


def test_a_module_is_loaded_where_that_can_be():
    module = KernelModule(name="br-netfilter", options={"x": "1"})
    assert module.diff(Module(NOTHING, NOTHING, known=True)).payload[1] == ("",)
    assert module.diff(Module(NOTHING, NOTHING, True, known=True, parameters={"x": "0"})).payload[1] == ("-r", "")
    assert module.diff(Module(NOTHING, NOTHING, True, parameters={"x": "Y"})).payload[1] == ()
    with pytest.raises(Refused, match=r"container \(lxc\)"):
        module.diff(Module(NOTHING, NOTHING, known=True, container="lxc"))
    with pytest.raises(Refused, match="has no module br_netfilter"):
        module.diff(Module(NOTHING, NOTHING))
    with pytest.raises(Refused, match="part of this kernel"):
        KernelModule(name="a", state="blacklisted").diff(Module(NOTHING, NOTHING, True, True))


def test_what_is_no_swap_is_never_overwritten():
    there = files.FileState("file", "0600", "root", "root", "", 1 << 20)
    for state in ("present", "absent"):
        size = {"size_mib": 1} if state == "present" else {}
        with pytest.raises(Refused, match="no swap file"):
            Swap(path="/s", state=state, **size).diff(Observed(FSTAB, there))
    with pytest.raises(Refused, match="not made for swapping"):
        Swap(path="/dev/sda1").diff(Observed(FSTAB, there))
    assert Swap(path="/s", size_mib=2).diff(Observed(FSTAB, there, True, True, -2)).payload[2] == ("off", "make", "on")
    with pytest.raises(Refused, match="its directory / does not exist"):
        Swap(path="/s", size_mib=2).diff(Observed(FSTAB))
    with pytest.raises(Refused, match="1 MiB are free"):
        Swap(path="/s", size_mib=2).diff(Observed(FSTAB, room=MIB))
    assert Swap(path="/s", size_mib=2).diff(Observed(FSTAB, room=2 * MIB)).action == "create"
    assert Swap(path="/s", size_mib=1, priority=3).diff(Observed(FSTAB, there, True, True, -2)).payload[2] == (
        "off", "on")


@pytest.mark.parametrize(("before", "state", "after"), [
    ("# head\n# de_DE.UTF-8 UTF-8\n", "present", "# head\nde_DE.UTF-8 UTF-8\n"),
    ("# de_DE.UTF-8 UTF-8\nde_DE.UTF-8 UTF-8\n", "present", "# de_DE.UTF-8 UTF-8\nde_DE.UTF-8 UTF-8\n"),
    ("", "present", "de_DE.UTF-8 UTF-8\n"), ("de_DE.UTF-8 UTF-8\n", "absent", "# de_DE.UTF-8 UTF-8\n"),
    ("de_DE ISO-8859-1\n", "absent", "de_DE ISO-8859-1\n"),
])
def test_locale_gen_has_the_line_once(before, state, after):
    locale = Locale(name="de_DE.UTF-8", state=state)
    assert locale.edited(before, ["de_DE ISO-8859-1", "de_DE.UTF-8 UTF-8"]) == after
    assert locale.edited(after, ["de_DE.UTF-8 UTF-8"]) == after
    other = Locale(name="de_DE.utf8", state=state)
    assert other.edited(before, ["de_DE ISO-8859-1", "de_DE.UTF-8 UTF-8"]) == after, "as `locale -a` spells it"
    assert Locale(name="xx_XX.utf8").edited(before, ["de_DE.UTF-8 UTF-8"]) == before, "there is no line for it"


def test_the_default_is_said_once_and_the_rest_stays():
    locale = Locale(name="de_DE.UTF-8", default=True)
    assert locale.with_default("LC_TIME=C\nLANG=C\nLANG=en\n") == "LC_TIME=C\nLANG=de_DE.UTF-8\n"
    assert locale.with_default('LANG="de_DE.UTF-8"\n') == 'LANG="de_DE.UTF-8"\n'
    assert plain("de_DE.utf8") == plain("de_DE.UTF-8")
