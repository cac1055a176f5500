"""Packages of rpm by the managers that build on it: the same case for both. What a person does by hand is done with rpm
itself."""
from __future__ import annotations

from tests.contract.case import Case, Witness

PROVIDERS = ("dnf", "zypper")
BY_HAND = "rpm -i --nodeps /srv/rpms/vendor/noarch/{}-1.noarch.rpm"


def there(w: Witness) -> set[str]:
    """What is installed: `rpm-hello-1.1`."""
    return set(w.check_output(r"rpm -qa --qf '%{NAME}-%{VERSION}\n'").splitlines())


def case(provider: str) -> Case:
    return Case(
        f"package by {provider}",
        f"""
        - package: rpm-app
          provider: {provider}
          version: ">= 1.0, < 2"
          recommends: false
          lock_wait_s: 60
        - package: rpm-hello
          provider: {provider}
          version: "1.*"
          allow_downgrade: true
          refresh_s: 86400
        - package: Rpm_Tool:noarch
          provider: {provider}
          state: latest
        """,
        lambda w: there(w) & MINE == {"rpm-app-1.0", "rpm-lib-1.0", "rpm-hello-1.1", "Rpm_Tool-1.0"},
        f"""
        - package: [rpm-hello, Rpm_Tool, rpm-lib]
          provider: {provider}
          state: absent
        """,
        ("rpm -e rpm-app Rpm_Tool; " + BY_HAND.format("Rpm_Tool-0.9"),
         "rpm -e rpm-hello; " + BY_HAND.format("rpm-hello-2.0")),
        before=BY_HAND.format("rpm-hello-2.0"))


MINE = {"rpm-app-1.0", "rpm-lib-1.0", "rpm-extra-1.0", "rpm-hello-1.0", "rpm-hello-1.1", "rpm-hello-2.0",
        "Rpm_Tool-0.9", "Rpm_Tool-1.0"}
