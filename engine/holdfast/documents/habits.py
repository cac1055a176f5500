"""What people write who come from Ansible, Salt, Puppet or Chef, and what it is here. Only read when something is
unknown."""
from __future__ import annotations

from collections.abc import Collection, Mapping

from holdfast_host.resource import Arg
from holdfast_host.values import did_you_mean

_AS_ROOT = "who to be on a host is said in the inventory: `become: true`"
IN_ITS_OWN_DOCUMENT = "put it into a state document of its own, and name that here: `- use: NAME`"
_TARGETS = "a document has `targets:`; what is for other hosts goes into another document"
_STOPS = "a failure stops only what depends on the resource; all else goes on"

_SCHEDULE = ("schedule", "every", "cron")

# Keys of plays.
DOCUMENT_KEYS: Mapping[str, str] = {
    "hosts": "Ansible's `hosts` is `targets` here", "name": "the document's name stands after `state:`",
    "tasks": "Ansible's `tasks` are `resources` here", "pre_tasks": "put them first in `resources`",
    "post_tasks": "put them last in `resources`",
    "roles": "a role is a document; list it in `resources`: `- use: NAME`",
    "handlers": "a handler is a resource like any other, and is told by `notify: {service: nginx}`",
    "become": _AS_ROOT, "become_user": _AS_ROOT, "become_method": _AS_ROOT,
    "remote_user": "the login is said in the inventory: `user: NAME`",
    "connection": "how hosts are reached is said in the inventory: `channel: local`",
    "gather_facts": "leave it out: facts are gathered when a document reads `facts`",
    "vars_files": "put the variables into `vars:`, or into the inventory's `vars`",
    "vars_prompt": "give the values with `--set NAME=VALUE`, or as a `secret:`",
    "serial": "write `rollout: {batches: [1, 10%, 100%]}`",
    "max_fail_percentage": "write `rollout: {error_budget: 5%}`",
    "any_errors_fatal": "write `rollout: {error_budget: 0}`", "strategy": "write `rollout: {at_once: 50}`",
    "environment": "commands have `env`", "tags": _TARGETS, "collections": "leave it out: types have short names here",
    "import_playbook": "all documents in `playbooks/` are read; leave it out",
    "include": "list it in `resources`: `- use: NAME`", "import": "list it in `resources`: `- use: NAME`",
    "requires": "list what comes before in `resources`: `- use: NAME`",
    "when": "`targets:` says for which hosts; each resource has a `when` of its own",
    **dict.fromkeys(_SCHEDULE, "an association says when: `association: NAME`, `documents: …`, "
                    "`every: 30m`"),
}

# Keys of tasks, whatever the module.
RESOURCE_KEYS: Mapping[str, str] = {
    "become": _AS_ROOT, "become_user": _AS_ROOT, "become_method": _AS_ROOT, "remote_user": _AS_ROOT,
    "with_items": "Ansible's `with_items` is `loop` here", "with_list": "Ansible's `with_list` is `loop` here",
    "with_dict": "write `loop: the_mapping | dict2items`, and `item.key`, `item.value`",
    "with_nested": "write `loop: first | product(second)`", "with_together": "write `loop: first | zip(second)`",
    "with_subelements": "write `loop: users | subelements('keys')`",
    "with_sequence": "write `loop: range(1, 5)`", "with_fileglob": "write the names in a `loop`",
    "with_indexed_items": "write `loop: the_list`; `index` counts from 0",
    "loop_control": "leave it out: `item` is the element and `index` its number, from 0",
    "ignore_errors": f"leave it out: {_STOPS}", "ignore_unreachable": f"leave it out: {_STOPS}",
    "failed_when": "a command has `success: [0, 1]`, the exit codes that mean success",
    "changed_when": "a command has guards (`creates`, `unless`, `only_if`), or `read_only: true` if it only looks",
    "tags": _TARGETS, "delegate_to": _TARGETS, "local_action": _TARGETS, "run_once": _TARGETS,
    "no_log": "leave it out, and say what is secret: `{secret: NAME, env: VARIABLE}`; that is masked everywhere",
    "until": "a `time_limit: 5m` says how long it may take", "retries": "a `time_limit: 5m` says how long it may take",
    "delay": "a `time_limit: 5m` says how long it may take", "async": "write `time_limit: 5m`",
    "poll": "write `time_limit: 5m`", "timeout": "write `time_limit: 5m`", "environment": "a command has `env`",
    "args": "write the arguments beside `when` and the others, not in a key of their own",
    "vars": "put the variables into the document's `vars:`",
    "check_mode": "leave it out: `holdfast plan` changes nothing",
    "listen": "name the resource that is told: `notify: {service: nginx}`", "when_not": "write `when: not …`",
    "name": "a remark is `doc:` here", "comment": "a remark is `doc:` here", "depends_on": "write `requires`",
    "before": "write `requires` on the other resource", "after": "write `requires`",
    "subscribe": "write `watch`", "onchanges": "write `watch`", "description": "a remark is `doc:` here",
    **dict.fromkeys(("watch_in", "onchanges_in", "listen_in"), "write `notify: {service: nginx}`"),
    **dict.fromkeys(("require_in", "required_by"), "write `requires` on the other resource"),
    **dict.fromkeys(("unless", "onlyif", "only_if", "not_if", "if"), "write `when`; what is as declared is left alone"),
}

# Arguments of modules, by resource type here.
ARGUMENTS: Mapping[str, Mapping[str, str]] = {
    "file": {"dest": "path", "src": "source", "remote_src": "", "regexp": ""},
    "template": {"dest": "path", "src": "source", "content": ""},
    "link": {"src": "to", "dest": "path", "target": "to"},
    "line": {"regexp": "match", "regex": "match", "line": "text", "insertafter": "after", "insertbefore": "before",
             "dest": "path"},
    "package": {"pkg": "name"}, "command": {"cmd": "run", "chdir": "cwd", "environment": "env", "argv": "argv"},
    "script": {"cmd": "source", "chdir": "cwd", "executable": "interpreter", "path": "source"},
    "user": {"password": "password_hash", "createhome": "create_home", "remove": "remove_home",
             "expires_at": "expires"},
    "package_repository": {"signed_by": "key", "sha256": "key_sha256", "enable": "enabled"},
    "cron": {"job": "command", "special_time": "schedule", "cron_file": "file", "dow": "weekday"},
    "git": {"version": "revision", "dest": "path", "name": "repo"},
    "archive": {"dest": "path", "src": "source"}, "download": {"dest": "path"},
    "mount": {"src": "source", "fstype": "kind", "opts": "options", "passno": "check_order"},
    "limits": {"limit_item": "item", "dest": "file"}, "http_check": {"status_code": "status"},
    "authorized_key": {"manage_dir": "", "key_options": "options"},
}

# Arguments for which there is something else.
_INSTEAD: Mapping[tuple[str, str], str] = {
    ("service", "state"): "write `running: true` or `running: false`; a restart is asked for by `notify` or `watch`",
    ("service", "started"): "write `running: true`",
    ("service", "daemon_reload"): "leave it out: a `systemd_unit` does it",
    ("package", "update_cache"): "write `refresh_s: 3600`, the age in seconds at which package lists are fetched anew",
    ("package", "cache_valid_time"): "write `refresh_s: 3600`",
    ("file", "recurse"): "a `directory` has `recurse`",
    ("pip", "path"): "the directory of the environment is said by `virtualenv`, the packages by `packages`",
}

_WORDS: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("file", "state"): {
        "directory": "a directory is a type of its own: `- directory: {name}`",
        "link": "a link is a type of its own: `- link: {name}` with `to:`",
        "hard": "a link is a type of its own: `- link: {name}` with `to:`",
        "touch": "write `state: present`", "file": "write `state: present`"},
    ("package", "state"): {"installed": "write `state: present`", "removed": "write `state: absent`",
                           "uninstalled": "write `state: absent`"},
}

# Words for the first state of a type, and for its last.
_THERE = frozenset({"present", "installed", "created", "exists", "enabled", "on", "hold", "held", "loaded", "mounted"})
_GONE = frozenset({"removed", "deleted", "uninstalled", "purged", "gone", "disabled", "off", "unloaded"})

_ONE_TYPE = "Ansible's `{module}` is `{type}` here"
_MODULES: Mapping[str, str] = {
    "apt": "package", "yum": "package", "dnf": "package", "apk": "package", "copy": "file", "lineinfile": "line",
    "blockinfile": "block", "apt_repository": "package_repository", "deb822_repository": "package_repository",
    "systemd": "service", "systemd_service": "service", "raw": "command", "win_command": "command",
    "unarchive": "archive", "get_url": "download", "ini_file": "ini", "pam_limits": "limits", "iptables": "firewall",
    "modprobe": "kernel_module", "locale_gen": "locale", "postgresql_db": "postgresql_database",
    "postgresql_user": "postgresql_role",
}
_OTHER_MODULES: Mapping[str, str] = {
    "shell": "Ansible's `shell` is `command` here, with `shell: true`, or a `script` of more lines",
    "apt_key": "a `package_repository` has its key: `key`, `key_source` or `key_url`",
    "debug": "leave it out: `holdfast plan` and `holdfast facts` show what there is",
    "set_fact": "put the variable into the document's `vars:`; it may be made of others",
    "include_vars": "put the variables into the document's `vars:`, or into the inventory",
    **dict.fromkeys(("include_tasks", "import_tasks", "include_role", "import_role", "role", "include", "import"),
                    IN_ITS_OWN_DOCUMENT),
    "meta": "leave it out: who is notified is carried out in its place",
    "fail": "say what a parameter may be: `parameters: {port: {type: integer, min: 1}}`",
    "assert": "say what a parameter may be: `parameters: {port: {type: integer, min: 1}}`",
    "setup": "leave it out: facts are gathered when a document reads `facts`",
    "handlers": "a handler is a resource like any other, and is told by `notify: {service: nginx}`",
    "replace": "there is no type for it yet: use `line`, or the whole file as a `template`",
    "stat": "there is no need for it: resources look at what is there; a command has `creates` and `removes`",
}

# Of Salt by what stands before the point (`pkg.installed`), of Puppet and Chef the whole name.
_OTHER_TOOLS: Mapping[str, str] = {
    "pkg": "package", "pkgrepo": "package_repository", "cmd": "command", "host": "hosts_entry",
    "ssh_auth": "authorized_key", "symlink": "link", "exec": "command", "execute": "command", "bash": "script",
    "file_line": "line",
    "remote_file": "download", "cookbook_file": "file", "apt_package": "package", "yum_package": "package",
    "apt::source": "package_repository", "ssh_authorized_key": "authorized_key", "kmod": "kernel_module",
    "environ": "environment", "firewalld": "firewall", "iptables": "firewall",
}


def document_key(word: str, known: Collection[str]) -> str:
    """The mend for an unknown key of a document."""
    if word in _SCHEDULE and "every" in known:  # it is an association
        return did_you_mean(word, known)
    return DOCUMENT_KEYS.get(word) or did_you_mean(word, known)


def resource_key(type_: str, word: str, arguments: Collection[str], common: Collection[str]) -> str:
    """The mend for an unknown key of a resource."""
    near = did_you_mean(word, [*arguments, *common])
    if type_ == "ansible_module" and word not in RESOURCE_KEYS and not near.startswith("did"):
        return f"what the module takes stands below `arguments`: `arguments: {{{word}: …}}`"
    instead = ARGUMENTS.get(type_, {}).get(word, "")
    if instead in arguments:
        return renamed(word, instead)
    if (type_, word) in _INSTEAD:
        return _INSTEAD[type_, word]
    if word in RESOURCE_KEYS:
        return RESOURCE_KEYS[word]
    return near if near.startswith("did") else f"{type_} has: {', '.join(arguments)}"


def renamed(word: str, argument: str) -> str:
    """The mend for an argument that has another name here."""
    return f"Ansible's `{word}` is `{argument}` here"


def argument_value(type_: str, declared: Arg, value: object, name: str) -> str:
    """The mend for a value that another tool knows; "": none is known."""
    known = _WORDS.get((type_, declared.name), {}).get(str(value), "").format(name=name)
    if known or declared.name != "state":
        return known
    meant = declared.choices[0] if value in _THERE else "absent" if value in _GONE else ""
    return f"write `state: {meant}`" if meant in declared.choices else ""


def unknown_type(word: str, known: Collection[str]) -> str:
    """The mend for an unknown resource type."""
    if word == "name":
        return "a task's name is `doc:` here; begin with the type: `- package: nginx`"
    module = word.rpartition(".")[2]
    if module in _OTHER_MODULES:
        return _OTHER_MODULES[module]
    meant = module if module in known else _MODULES.get(module, "")
    if meant in known:
        return _ONE_TYPE.format(module=word, type=meant)
    if word in ("type", "action", "module", "kind", "resource"):
        return "begin with the type itself, and its name: `- package: nginx`"
    return _of_another_tool(word, known) or did_you_mean(module, [*known, "use"]) or "`holdfast doc` lists all types"


def _of_another_tool(word: str, known: Collection[str]) -> str:
    first, _, last = word.lower().partition(".")
    for one in (last, first):
        meant = one if one in known else _OTHER_TOOLS.get(one, "")
        if meant in known:
            return f"`{word}` is `{meant}` here"
    return ""
