"""What the keys of documents are for, in a line each: for editors and `doc`. `schemas` has what they may be."""
from __future__ import annotations

from collections.abc import Mapping

Docs = Mapping[str, str]

KINDS: Docs = {
    "state": "What hosts should be: their resources, and what they need.",
    "association": "State documents that are kept true on their hosts, by a schedule.",
    "agent": "A program that works on hosts for their keeper: how it is installed, set up, checked and removed. It is "
             "reported as one.",
    "baseline": "Demands that hosts are held against, each reported by itself, with a score.",
    "use": "The resources of another document, with parameters of their own.",
}

_DECLARING: Docs = {
    "description": "What it is for.",
    "targets": "Which hosts: tags, groups, host globs and facts, as in `role=web and env=prod`. A list: any of these.",
    "vars": "Variables of this document. They go before those of the inventory.",
    "parameters": "Typed inputs, given where the document is used, by --set or by the inventory.",
    "rollout": "How a run goes through its hosts.",
}

STATE: Docs = {
    "state": "A state document, and its name.", **_DECLARING,
    "resources": "What is declared, in order; each begins with its type and name.",
}

AGENT: Docs = {
    "agent": "An agent, and its name.", **_DECLARING,
    "state": "present, or absent: then it is removed. The parameter `agent_state`, which every agent has, goes before "
             "it.",
    "repository": "Resources that come before its packages: where these come from.",
    "package": "Its packages: a name, a mapping of a name and arguments of `package`, or a list of such.",
    "archive": "Resources that install it where it is no package.",
    "version": "The version of its first package: exact, a pattern (\"1.5.*\") or a range (\">= 1.5, < 2\"); of an "
               "archive, what is reported.",
    "configuration": "Resources it reads: they come after its packages, and restart its services when they change.",
    "service": "Its services, which run and start at boot: as `package` is written.",
    "health": "Resources that only look, and tell whether it is well: command_check, http_check, wait_for, assert, or "
              "a command with `read_only: true`.",
    "remove": "Resources that remove what is left of it. Before them its services are stopped, what `configuration` "
              "and `archive` brought is removed and its packages are purged.",
}

BASELINE: Docs = {
    "baseline": "A baseline, and its name.", **_DECLARING,
    "resources": "Resources that belong to no control: what controls notify, or `use` of another baseline.",
    "controls": "What is demanded.",
    "exceptions": "Controls that are not asked for, for a time; also of baselines that this one uses.",
}

CONTROL: Docs = {
    "control": "Its id.",
    "title": "What is demanded, in a line.",
    "severity": "low, medium, high or critical.",
    "rationale": "Why.",
    "reference": "Where a published benchmark has it.",
    "when": "It is applicable only if this expression is true, or all of a list.",
    "resources": "Resources that make it so; it passes when all are in state.",
    "check": "Resources that only look, as in `health` of an agent.",
}

CONTROL_EXCEPTION: Docs = {
    "control": "The id of a control.",
    "targets": "On which hosts, as an expression; without it on all.",
    "owner": "Who answers for it.",
    "reason": "Why it is not asked for.",
    "expires": "The last day on which it counts, as in 2027-03-31 (UTC).",
}

ROLLOUT: Docs = {
    "batches": "Numbers or shares of all hosts, one after the other, as in [1, 10%, 100%]; the last is repeated.",
    "error_budget": "How many hosts, or what share of them, may go wrong over the whole run.",
    "at_once": "Hosts in hand at a time.",
    "host_limit": "The longest time for one host: 90s, 5m, 1h30m.",
    "run_limit": "The longest time for the whole run.",
    "pause": "How long to wait between batches.",
    "health_check": "What has to be well between batches.",
}

HEALTH_CHECK: Docs = {
    "command": "A program with its arguments, run on the controller; well is when it ends with 0.",
    "http": "An address; well is a status from 200 to 299.",
    "within": "How long it may take to become well; without it, it is asked once.",
    "every": "How long to wait before it is asked again.",
}

HOOK: Docs = {
    "on": "Of what: drift, healed, failed, fight; without it of all.",
    "command": "A program with its arguments, run on the controller; it reads what happened as JSON from its input.",
    "webhook": "An address to which what happened is sent as JSON.",
    "secret": "Signs what is sent to a webhook, with HMAC-SHA256.",
    "email": "An address to write to.",
    "from": "The sender of the mail.",
    "server": "The mail server, HOST:PORT; without it localhost:25.",
    "tls": "How the mail server is spoken to: none, starttls, implicit; without it by the port (587: starttls, 465: "
           "implicit).",
    "user": "Who logs in at the mail server.",
    "password": "With what: {secret: NAME, env: VARIABLE}.",
}

DAMPING: Docs = {
    "repairs": "How often a resource that drifts again and again is repaired (3).",
    "within": "In what time; without it a day, or five rounds if that is longer.",
}

ASSOCIATION: Docs = {
    "association": "An association, and its name.",
    "description": "What it is for.",
    "documents": "The state document that is kept true, or a list of them.",
    "targets": "On which hosts: it narrows what the documents say, and stands for it where they say nothing.",
    "every": "How long from the start of one round to that of the next: 30m.",
    "cron": "When a round is due: minute, hour, day, month, weekday, as in `30 3 * * mon-fri`.",
    "time_zone": "The time zone of the cron expression; without it UTC.",
    "splay": "Rounds begin up to so much later, each association at a time of its own.",
    "action": "reapply: what has drifted is put back; report: it is only told.",
    "damping": "When a resource that drifts again and again is left alone.",
    "hooks": "Who is told when something has drifted, is healed or has failed.",
}

PARAMETER: Docs = {
    "type": "What the value is.",
    "default": "The value if none is given; without it the parameter is needed.",
    "choices": "The values that are allowed.",
    "pattern": "A regular expression that the whole text has to match.",
    "min": "The smallest number, or the shortest text or list.",
    "max": "The largest number, or the longest text or list.",
    "doc": "What it is for.",
}

COMMON: Docs = {
    "when": "It is there only if this expression is true, or all of a list.",
    "loop": "One for each element, which is `item`; `index` counts from 0.",
    "requires": "Comes after these, and is left undone if one of them failed, as in {service: nginx}.",
    "notify": "Tells these when it has changed: a service restarts, a command runs.",
    "watch": "Is told when these have changed.",
    "register": "The name under which later resources find its outputs.",
    "time_limit": "The longest time it may take: 30s, 5m.",
    "doc": "A remark.",
}

USE: Docs = {
    **{word: COMMON[word] for word in ("when", "loop", "requires", "doc")},
    "parameters": "Values for the document's parameters.",
}

SECRET: Docs = {
    "secret": "A name, which stands for the value wherever it would be shown.",
    "env": "The environment variable that holds the value.",
    "file": "The file that holds the value: beside the document, or in the project's folder.",
    "command": "The shell command that prints the value, run on the controller.",
}

OF_KIND: Mapping[str, Docs] = {"state": STATE, "agent": AGENT, "baseline": BASELINE, "association": ASSOCIATION}
