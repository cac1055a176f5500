"""The built-in types' cases. A new type, or a new argument, is covered when it has one here: test_contract sees to
that."""
from __future__ import annotations

from tests.contract.cases import (
    accounts,
    ansible,
    certificates,
    fetched,
    files,
    machine,
    packages,
    programs,
    repositories,
    services,
    system,
    values,
)

CASES = (*ansible.CASES, *files.CASES, *accounts.CASES, *packages.CASES, *services.CASES, *programs.CASES,
         *system.CASES, *machine.CASES, *fetched.CASES, *certificates.CASES, *values.CASES, *repositories.CASES)

# Types that no case can hold, and where they are held instead.
APART = {"reboot": "tests/contract/test_reboot.py"}

# Arguments that the contract cannot hold, and where they are held instead.
ELSEWHERE = {
    **{("ansible_module", name): "tests/contract/test_ansible_module.py" for name in ("always", "read_only")},
    **{("reboot", name): "it ends the host's boot: tests/contract/test_reboot.py" for name in (
        "if_required", "if_kernel_is_older", "always", "timeout_s")},
    ("firewall", "source"): "read as `template` is: tests/unit/modules/test_firewall.py",
    **{(name, "always"): "each run is a change: tests/contract/test_types_alone.py" for name in ("command", "script")},
    **{(name, "read_only"): "never a change: tests/contract/test_types_alone.py" for name in ("command", "script")},
    ("pip", "index_url"): "an index on the net, which tests have none of",
    ("download", "proxy"): "a proxy of the test's: tests/unit/modules/test_download.py",
    ("download", "ca"): "a server with https of the test's: tests/unit/modules/test_download.py",
    ("download", "verify"): "the same",
    **{("package_repository", name): "needs a server: tests/contract/test_package_repository.py"
       for name in ("key_url", "key_sha256")},
    ("package_repository", "provider"): "on a host with rpm packages: tests/contract/test_rpm_packages.py",
}
