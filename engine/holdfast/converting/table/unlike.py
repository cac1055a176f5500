"""Modules that have no like, and why; with what stands in their place."""
from __future__ import annotations

from collections.abc import Mapping

from holdfast.converting.options import Entry

LOOKS = "it only looks: a command has the guards `creates` and `only_if`, other types look for themselves"
_OUTSIDE = "what another host or the controller does is no state of the host"
_NO_TYPE = "there is no type for it yet"
# Modules that are not taken as Ansible has them where an option has no like: they act on what a type here looks after
# as a whole, or in each run.
CONTROLLED = frozenset({"command", "shell", "script", "raw", "reboot", "apt_repository", "deb822_repository", "apt_key",
                        "unarchive", "get_url", "git", "pip", "wait_for", "uri", "service", "systemd",
                        "systemd_service", "sysvinit"})

_GATHERED = "what happens anyway: facts are gathered when a document uses them"
_REACHED = "what happens anyway: a host is reached before anything is done"

# What needs not be said here, by module, or by module and free form.
BY_ITSELF: Mapping[str | tuple[str, str], str] = {
    "setup": _GATHERED, "gather_facts": _GATHERED, "ping": _REACHED, "wait_for_connection": _REACHED,
    ("meta", "noop"): "nothing, as there",
    ("meta", "reset_connection"): "what happens anyway: no session is kept that has old groups"}

MODULES: Mapping[str, Entry] = {
    "debug": "it only prints: `holdfast plan` and `holdfast facts` show what there is",
    "pause": "it only waits: `wait_for` and `http_check` wait for something",
    "meta": "what is notified acts at its own place here, once; what would end a play or a host is no state: give what "
            "comes after it the condition",
    "stat": LOOKS,
    "find": "it only looks: what is found on a host cannot be looped over here",
    "slurp": "it only looks: a file of a host is not read into a variable here",
    "package_facts": "it only looks: a `package` knows itself what is installed",
    "service_facts": "it only looks: a `service` knows itself what runs",
    "getent": "it only looks: `user` and `group` know themselves what is there",
    "add_host": "hosts are in the inventory", "group_by": "`targets` and `when` select by facts",
    "fetch": _OUTSIDE, "synchronize": _OUTSIDE,
    "tempfile": "a file that nobody needs afterwards is no state", "assemble": "declare the whole file as a `template`",
    "import_playbook": "convert that playbook by itself; all documents in playbooks/ belong together",
    "async_status": "a resource has a `time_limit`",
}
