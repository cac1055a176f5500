"""Which kernel is the newer one of a kind."""
import pytest

from holdfast_host import Refused
from modules.reboot import Observed, Reboot, flavour, order


@pytest.mark.parametrize(("older", "newer"), [
    ("6.1.0-9-amd64", "6.1.0-18-amd64"), ("5.10.0-30-amd64", "6.1.0-1-amd64"), ("6.1.0-18-amd64", "6.1.1-1-amd64"),
    ("5.14.0-70.el9.x86_64", "5.14.0-362.el9.x86_64"),
])
def test_numbers_count_as_numbers(older, newer):
    assert order(older) < order(newer)


def test_a_kernel_of_another_kind_is_none_to_boot_into():
    assert flavour("6.1.0-18-cloud-amd64") == "cloud-amd64" != flavour("6.1.0-18-amd64")


def test_booted_since_and_still_the_old_one_is_refused():
    reboot = Reboot(label="a", if_kernel_is_older=True)
    assert reboot.diff(Observed("", "6.1.0-9", "6.1.0-10", booted=1, installed=2)).action == "reboot"
    with pytest.raises(Refused, match="boot loader"):
        reboot.diff(Observed("", "6.1.0-9", "6.1.0-10", booted=2, installed=1))
    assert reboot.diff(Observed("", "6.1.0-10", "6.1.0-10", booted=2, installed=1)) is None
