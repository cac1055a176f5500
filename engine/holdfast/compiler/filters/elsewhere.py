"""Filters that Ansible's users know and that are not here, with what there is instead."""
from __future__ import annotations

from collections.abc import Mapping

# By their short names: what to write; "": nothing comes near.
_ABSENT: Mapping[str, str] = {
    "vault": "a secret is `{secret: NAME, file: …}`", "unvault": "a secret is `{secret: NAME, file: …}`",
    "json_query": "use `selectattr`, `map(attribute=…)` and `dict2items`", "fileglob": "write the names in a list",
    "strftime": "write the time itself", "to_datetime": "compare the texts: `2026-01-31` sorts as it is",
    "expanduser": "write the whole path", "expandvars": "write the whole path", "realpath": "write the whole path",
    "shuffle": "it would differ in each run", "win_basename": "use `basename`", "win_dirname": "use `dirname`",
    "win_splitdrive": "", "parse_cli": "", "parse_xml": "",
    "network_in_usable": "use `ipaddr`",
    "network_in_network": "use `ipaddr`", "from_csv": "use `split`", "random_mac": "write the address",
    "ipsubnet": "use `ipaddr` and `nthhost`", "ipmath": "use `nthhost`", "hwaddr": "", "macaddr": "", "xpath": "",
    "dict": "use `items2dict`, or the function `dict(…)`", "dict_kv": "write {'key': value}",
    "lists_mergeby": "use `combine`", "groupby_as_dict": "use `groupby`", "counter": "use `groupby`",
    "jc": "", "from_ini": "", "to_ini": "use a `template`", "to_toml": "use a `template`", "from_toml": "",
    "version_sort": "use `sort`", "path": "use `path_join`", "keep_keys": "use `dict2items` and `selectattr`",
    "remove_keys": "use `dict2items` and `rejectattr`", "regex": "that is a test: write `is regex`",
}


def of_ansible(name: str) -> str:
    """What to say of a filter that Ansible has and this has not; "": Ansible has no such filter either."""
    if name not in _ABSENT:
        return ""
    return f"Ansible's `{name}` is not here" + (f": {_ABSENT[name]}" if _ABSENT[name] else "")
