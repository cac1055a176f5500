"""Ansible's facts and magic variables, and what they are here. What is not listed has no like."""
from __future__ import annotations

from collections.abc import Mapping

# The same values under another name.
RENAMED: Mapping[str, str] = {
    "ansible_distribution_release": "facts.os.codename",
    "ansible_lsb.codename": "facts.os.codename",
    "ansible_distribution_major_version": "(facts.os.version | split('.') | first)",
    "ansible_hostname": "(facts.hostname | split('.') | first)",
    "ansible_nodename": "facts.hostname",
    "ansible_architecture": "facts.os.architecture",
    "ansible_machine": "facts.os.architecture",
    "ansible_kernel": "facts.os.kernel",
    "ansible_processor_vcpus": "facts.cpus",
    "ansible_memtotal_mb": "facts.memory_mb",
    "ansible_swaptotal_mb": "facts.swap_mb",
    "ansible_system": "'Linux'",  # there is no Holdfast on other ones
    "ansible_version.full": "'2.19.0'",  # what is written for this one and later ones is taken
    "ansible_version.string": "'2.19.0'",
    "ansible_version.major": "2",
    "ansible_version.minor": "19",
    "ansible_default_ipv4.address": "facts.network.default_ipv4.address",
    "ansible_default_ipv4.interface": "facts.network.default_ipv4.interface",
    "ansible_default_ipv4.gateway": "facts.network.default_ipv4.gateway",
    "ansible_service_mgr": "facts.service_manager",
    "ansible_pkg_mgr": "facts.package_manager",
    "ansible_user_id": "facts.user.name",
    "ansible_machine_id": "facts.machine_id",
    "ansible_host": "host.address",
    "ansible_check_mode": "false",  # a plan looks at what an apply would do
    "inventory_hostname_short": "(inventory_hostname | split('.') | first)",
}

# Those that every host has, so that a `default` behind them never counts.
ALWAYS = frozenset({"ansible_processor_vcpus", "ansible_memtotal_mb", "ansible_hostname", "ansible_nodename",
                    "ansible_architecture", "ansible_machine", "ansible_kernel", "ansible_user_id"})

_FAMILIES = {"Debian": "debian", "RedHat": "redhat", "Suse": "suse", "Alpine": "alpine", "Archlinux": "arch",
             "Gentoo": "gentoo"}
_DISTRIBUTIONS = {"Debian": "debian", "Ubuntu": "ubuntu", "CentOS": "centos", "Fedora": "fedora", "RedHat": "rhel",
                  "Rocky": "rocky", "AlmaLinux": "almalinux", "Alpine": "alpine", "Archlinux": "arch",
                  "Amazon": "amzn", "OracleLinux": "ol", "Linux Mint": "linuxmint", "Kali": "kali",
                  "Gentoo": "gentoo", "Pop!_OS": "pop", "Devuan": "devuan", "SLES": "sles", "SLED": "sled",
                  "openSUSE Leap": "opensuse-leap", "openSUSE Tumbleweed": "opensuse-tumbleweed"}

# What Ansible calls systems on which there is no Holdfast: no host is one of them.
ELSEWHERE = frozenset({"FreeBSD", "OpenBSD", "NetBSD", "DragonFly", "Darwin", "MacOSX", "Solaris", "SmartOS", "SunOS",
                       "AIX", "HP-UX", "Windows"})

# The same thing under another name, with other words for it, which are put in where it is compared with words.
COMPARED: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "ansible_os_family": ("facts.os.family", _FAMILIES),
    "ansible_distribution": ("facts.os.name", _DISTRIBUTIONS),
}

# Where it is more than compared, a variable of the same name gives Ansible's word.
WORDS: Mapping[str, str] = {
    name: "{{ " + str({here: there for there, here in words.items()}) + f"[{ours}] }}}}"
    for name, (ours, words) in COMPARED.items()}


def word_of(name: str, word: str) -> str | None:
    """What a word for a system is here: one that nothing is called where no host is such a system; None: that is not
    known."""
    found = COMPARED[name][1].get(word)
    if found is None and (word in ELSEWHERE or (name == "ansible_os_family" and word in _DISTRIBUTIONS)):
        return word.lower()  # a distribution is no family
    return found

# Names that are the same here.
SAME = frozenset({"inventory_hostname", "groups", "group_names", "hostvars", "item", "omit", "ansible_managed"})

# What only Ansible has.
OWN = frozenset({"playbook_dir", "role_path", "role_name", "inventory_dir", "inventory_file", "play_hosts", "vars",
                 "environment", "ansible_facts"})
