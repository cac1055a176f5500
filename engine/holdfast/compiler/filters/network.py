"""Addresses and networks."""
from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

from holdfast.compiler.faults import Misused


def ipaddr(value: Any, query: str = "") -> Any:
    """Something of an address or network, false if it is none. query: "" (the text itself), address, network, netmask,
    prefix, broadcast, size, version, network/prefix, host/prefix; of a list the ones that are addresses."""
    if isinstance(value, (list, tuple)):
        return [found for found in (ipaddr(one, query) for one in value) if found is not False]
    try:
        found = ipaddress.ip_interface(str(value))
    except ValueError:
        return False
    answers: dict[str, Callable[[], Any]] = {
        "": lambda: str(value), "address": lambda: str(found.ip), "network": lambda: str(found.network.network_address),
        "netmask": lambda: str(found.netmask), "prefix": lambda: found.network.prefixlen,
        "broadcast": lambda: str(found.network.broadcast_address), "size": lambda: found.network.num_addresses,
        "version": lambda: found.version, "network/prefix": lambda: str(found.network),
        "host/prefix": lambda: str(found)}
    if query not in answers:
        raise Misused(f"`ipaddr` has no query `{query}`", ", ".join(filter(None, answers)))
    return answers[query]()


def _of_version(version: int) -> Callable[..., Any]:
    def only(value: Any, query: str = "") -> Any:
        if isinstance(value, (list, tuple)):
            return [one for one in (only(inner, query) for inner in value) if one is not False]
        return ipaddr(value, query) if ipaddr(value, "version") == version else False

    return only


def nthhost(value: Any, number: int) -> str:
    """The address with this number in a network."""
    try:
        return str(ipaddress.ip_network(str(value), strict=False)[number])
    except (ValueError, IndexError) as error:
        raise Misused(f"`nthhost`: {error}") from None


FILTERS: dict[str, Callable[..., Any]] = {
    "ipaddr": ipaddr, "ipv4": _of_version(4), "ipv6": _of_version(6), "nthhost": nthhost,
    "ipwrap": lambda value: f"[{value}]" if ipaddr(value, "version") == 6 else value,
}
