"""The structure of documents, as data for Cerberus. `meta.is` is what a value has to be, `meta.mend` what to write."""
from __future__ import annotations

from typing import Any

from holdfast.documents.model import PARAMETER_KINDS

WORD = r"[A-Za-z_][A-Za-z0-9_]*"  # a variable's name
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"  # a document's name
KEPT_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}"  # of what the store keeps by its name

Rules = dict[str, Any]

_WORD: Rules = {"type": "string", "regex": WORD, "meta": {
    "is": "a name of letters, digits and _", "mend": "begin with a letter; no spaces, dots or dashes"}}
_DURATION: Rules = {"type": "string", "check_with": "duration", "meta": {
    "is": "a duration", "mend": 'write a number with its unit: 30s, 5m or 1h30m'}}
_SHARE: Rules = {"type": ["integer", "string"], "check_with": "share", "meta": {
    "is": "a number of hosts or a share of them", "mend": "write 3 or 10%"}}
_BATCH: Rules = {**_SHARE, "check_with": "batch"}
_TEXT: Rules = {"type": "string"}
_VARIABLES: Rules = {"type": "dict", "keysrules": _WORD, "meta": {
    "is": "a mapping", "mend": "write `name: value` lines, without dashes"}}
_CONDITION: Rules = {"type": ["string", "boolean", "list"], "empty": False, "meta": {
    "is": "an expression or a list of expressions", "mend": "as in `when: facts.os.family == 'debian'`"}}
_REFERENCES: Rules = {"empty": False, "nullable": True}  # `references.read` says more than a schema can
_LOOP: Rules = {"type": ["string", "list"], "meta": {
    "is": "a list, or an expression that gives one", "mend": "for a mapping: `loop: the_mapping | dict2items`"}}

HEALTH_CHECK: Rules = {
    "command": {"type": "string", "empty": False},
    "http": {"type": "string", "regex": r"https?://\S+", "meta": {
        "is": "an address", "mend": "as in `http: https://example.org/health`"}},
    "within": _DURATION,
    "every": _DURATION,
}

ROLLOUT: Rules = {
    "batches": {"type": "list", "empty": False, "schema": _BATCH, "meta": {
        "is": "a list of sizes", "mend": "as in [1, 10%, 100%]"}},
    "error_budget": _SHARE,
    "at_once": {"type": "integer", "min": 1},
    "host_limit": _DURATION,
    "run_limit": _DURATION,
    "pause": _DURATION,
    "health_check": {"type": "dict", "schema": HEALTH_CHECK},
}


def _named(word: str, example: str, name: str = NAME) -> Rules:
    return {word: {"type": "string", "regex": name, "required": True, "meta": {
        "is": "a name of letters, digits, dots and dashes", "mend": f"as in `{word}: {example}`"}}}


# What all documents have that declare resources.
_DECLARING: Rules = {
    "description": _TEXT,
    "targets": {"type": ["string", "list"], "empty": False, "schema": {"type": "string"}, "meta": {
        "is": "an expression or a list of expressions", "mend": "as in `targets: role=web and env=prod`"}},
    "vars": _VARIABLES,
    "parameters": _VARIABLES,
    "rollout": {"type": "dict", "schema": ROLLOUT, "meta": {
        "is": "a mapping", "mend": "as in `rollout: {batches: [1, 10%, 100%], error_budget: 5%}`"}},
}
RESOURCES: Rules = {"type": "list", "meta": {
    "is": "a list of resources", "mend": "begin each with its type and name: `- package: nginx`"}}

STATE: Rules = {**_named("state", "web-servers"), **_DECLARING, "resources": {**RESOURCES, "required": True}}

_ONE_OR_MORE: Rules = {"type": ["string", "dict", "list"], "empty": False}

AGENT: Rules = {
    **_named("agent", "node-exporter", KEPT_NAME), **_DECLARING,
    "state": {"type": "string", "regex": r"present|absent|.*\{\{.*", "meta": {
        "is": "present or absent", "mend": "write present or absent, or a template that gives one of them"}},
    "repository": RESOURCES,
    "package": {**_ONE_OR_MORE, "meta": {"is": "a package's name, or a list of such",
                                         "mend": "as in `package: chrony`, or `{name: chrony, recommends: false}`"}},
    "archive": RESOURCES,
    "version": {"type": "string", "empty": False, "meta": {
        "is": "a version as text", "mend": 'in quotes: "1.5.*" or ">= 1.5, < 2"'}},
    "configuration": RESOURCES,
    "service": {**_ONE_OR_MORE, "meta": {"is": "a service's name, or a list of such",
                                         "mend": "as in `service: chrony`, or `{name: chrony, on_notify: reload}`"}},
    "health": RESOURCES,
    "remove": RESOURCES,
}

HOOK: Rules = {
    "on": {"type": "list", "empty": False, "schema": {
        "type": "string", "allowed": ["drift", "healed", "failed", "fight"]}},
    "command": {"type": "string", "empty": False},
    "webhook": {"type": "string", "regex": r"https?://\S+", "meta": {
        "is": "an address", "mend": "as in `webhook: https://example.org/drift`"}},
    "secret": {"type": "dict", "meta": {
        "is": "a secret", "mend": "as in {secret: hook_key, env: HOOK_KEY}"}},
    "email": {"type": "string", "regex": r"[^@\s]+@[^@\s]+", "meta": {
        "is": "an e-mail address", "mend": "as in `email: ops@example.org`"}},
    "from": {"type": "string", "regex": r"[^@\s]+@[^@\s]+", "meta": {
        "is": "an e-mail address", "mend": "as in `from: holdfast@example.org`"}},
    "server": {"type": "string", "regex": r"[^\s:]+(:\d+)?", "meta": {
        "is": "a mail server", "mend": "as in `server: mail.example.org:25`"}},
    "tls": {"type": "string", "allowed": ["none", "starttls", "implicit"]},
    "user": {"type": "string", "empty": False},
    "password": {"type": "dict", "meta": {
        "is": "a secret", "mend": "as in {secret: mail_password, env: MAIL_PASSWORD}"}},
}

DAMPING: Rules = {
    "repairs": {"type": "integer", "min": 1},
    "within": _DURATION,
}

ASSOCIATION: Rules = {
    "association": {**STATE["state"], "meta": {
        "is": "a name of letters, digits, dots and dashes", "mend": "as in `association: web-servers-nightly`"}},
    "description": _TEXT,
    "documents": {"type": ["string", "list"], "required": True, "empty": False, "schema": {"type": "string"}, "meta": {
        "is": "the name of a state document or a list of names", "mend": "as in `documents: web-servers`"}},
    "targets": STATE["targets"],
    "every": _DURATION,
    "cron": {"type": "string", "empty": False},
    "time_zone": {"type": "string", "empty": False},
    "splay": _DURATION,
    "action": {"type": "string", "allowed": ["reapply", "report"]},
    "damping": {"type": "dict", "schema": DAMPING, "meta": {
        "is": "a mapping", "mend": "as in `damping: {repairs: 3, within: 24h}`"}},
    "hooks": {"type": "list", "schema": {"type": "dict", "schema": HOOK, "meta": {
        "is": "a mapping", "mend": "as in `- webhook: https://example.org/drift`"}}, "meta": {
        "is": "a list of hooks", "mend": "as in `- webhook: https://example.org/drift`"}},
}

SEVERITIES = ("low", "medium", "high", "critical")

CONTROL: Rules = {
    **_named("control", "ssh-no-root", KEPT_NAME),
    "title": {**_TEXT, "required": True, "empty": False},
    "severity": {"type": "string", "allowed": list(SEVERITIES), "required": True},
    "rationale": {**_TEXT, "required": True, "empty": False},
    "reference": _TEXT,
    "when": _CONDITION,
    "resources": RESOURCES,
    "check": RESOURCES,
}

CONTROL_EXCEPTION: Rules = {
    "control": {"type": "string", "required": True, "empty": False},
    "targets": {"type": "string", "empty": False},
    "owner": {"type": "string", "required": True, "empty": False},
    "reason": {"type": "string", "required": True, "empty": False},
    "expires": {"type": "string", "required": True, "regex": r"\d{4}-\d\d-\d\d", "meta": {
        "is": "a day", "mend": "as in 2027-03-31: the last day on which it counts"}},
}

BASELINE: Rules = {
    **_named("baseline", "our-servers", KEPT_NAME), **_DECLARING,
    "resources": RESOURCES,
    "controls": {"type": "list", "schema": {"type": "dict", "schema": CONTROL}, "meta": {
        "is": "a list of controls", "mend": "begin each with its id: `- control: ssh-no-root`"}},
    "exceptions": {"type": "list", "schema": {"type": "dict", "schema": CONTROL_EXCEPTION}, "meta": {
        "is": "a list of exceptions", "mend": "as in `- {control: ID, owner: …, reason: …, expires: 2027-03-31}`"}},
}

PARAMETER: Rules = {
    "type": {"type": "string", "required": True, "allowed": list(PARAMETER_KINDS)},
    "default": {"nullable": True},
    "choices": {"type": "list", "empty": False},
    "pattern": _TEXT,
    "min": {"type": "number"},
    "max": {"type": "number"},
    "doc": _TEXT,
}

# The keys that every resource may have, beside the arguments of its type.
COMMON: Rules = {
    "when": _CONDITION,
    "loop": _LOOP,
    "requires": _REFERENCES,
    "notify": _REFERENCES,
    "watch": _REFERENCES,
    "register": _WORD,
    "time_limit": _DURATION,
    "doc": _TEXT,
}

USE: Rules = {
    "parameters": {"type": "dict", "meta": {"is": "a mapping", "mend": "as in `parameters: {port: 80}`"}},
    "when": _CONDITION,
    "loop": _LOOP,
    "requires": _REFERENCES,
    "doc": _TEXT,
}

SECRET: Rules = {
    "secret": {"type": "string", "regex": WORD, "required": True, "meta": {
        "is": "a name of letters, digits and _", "mend": "as in {secret: db_password, env: DB_PASSWORD}"}},
    "env": {"type": "string", "empty": False},
    "file": {"type": "string", "empty": False},
    "command": {"type": "string", "empty": False},
}
