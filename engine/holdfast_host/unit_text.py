"""The text of a systemd unit: what systemd would refuse in it, and what it would silently pass over."""
from __future__ import annotations

import re
from typing import Dict, FrozenSet, List, Tuple

from .errors import Refused
from .values import did_you_mean

SECTIONS = ("Unit", "Service", "Socket", "Timer", "Path", "Mount", "Automount", "Swap", "Slice", "Scope", "Install",
            "Manager")
# Keys that stand in one section only, and those that stand in several. Not all: there are ever more of them.
IN_UNIT = frozenset((
    "Description", "Documentation", "Requires", "Requisite", "Wants", "BindsTo", "Upholds", "Conflicts", "Before",
    "After", "OnSuccess", "OnFailure", "PropagatesReloadTo", "ReloadPropagatedFrom", "PartOf", "JoinsNamespaceOf",
    "RequiresMountsFor", "StopWhenUnneeded", "RefuseManualStart", "RefuseManualStop", "AllowIsolate",
    "DefaultDependencies", "CollectMode", "IgnoreOnIsolate", "ConditionPathExists", "ConditionPathIsDirectory",
    "ConditionFileNotEmpty", "ConditionVirtualization", "ConditionHost", "ConditionKernelCommandLine",
    "ConditionFirstBoot", "ConditionUser", "AssertPathExists"))
IN_INSTALL = frozenset(("Alias", "WantedBy", "RequiredBy", "Also", "DefaultInstance"))
IN_SERVICE = frozenset((
    "Type", "RemainAfterExit", "GuessMainPID", "PIDFile", "BusName", "ExecStart", "ExecCondition", "ExecReload",
    "Restart", "RestartSec", "TimeoutStartSec", "RuntimeMaxSec", "WatchdogSec", "SuccessExitStatus",
    "RestartPreventExitStatus", "RestartForceExitStatus", "RootDirectoryStartOnly", "NonBlocking", "NotifyAccess",
    "OOMPolicy", "FileDescriptorStoreMax"))
IN_SOCKET = frozenset((
    "ListenStream", "ListenDatagram", "ListenSequentialPacket", "ListenFIFO", "ListenNetlink", "Accept", "SocketUser",
    "SocketGroup", "SocketMode", "Backlog", "BindIPv6Only", "MaxConnections", "ReusePort", "RemoveOnStop"))
IN_TIMER = frozenset((
    "OnCalendar", "OnBootSec", "OnStartupSec", "OnUnitActiveSec", "OnUnitInactiveSec", "OnActiveSec", "Persistent",
    "RandomizedDelaySec", "AccuracySec", "WakeSystem", "RemainAfterElapse", "FixedRandomDelay"))
IN_PATH = frozenset(("PathExists", "PathExistsGlob", "PathChanged", "PathModified", "DirectoryNotEmpty",
                     "MakeDirectory"))
WHERE: Dict[str, str] = {
    **dict.fromkeys(IN_UNIT, "Unit"), **dict.fromkeys(IN_INSTALL, "Install"), **dict.fromkeys(IN_SERVICE, "Service"),
    **dict.fromkeys(IN_SOCKET, "Socket"), **dict.fromkeys(IN_TIMER, "Timer"), **dict.fromkeys(IN_PATH, "Path")}
PLACES = frozenset(WHERE.values())
SHARED = frozenset((
    "ExecStartPre", "ExecStartPost", "ExecStop", "ExecStopPost", "TimeoutSec", "TimeoutStopSec", "User", "Group",
    "WorkingDirectory", "RootDirectory", "Environment", "EnvironmentFile", "PassEnvironment", "UnsetEnvironment",
    "StandardInput", "StandardOutput", "StandardError", "SyslogIdentifier", "UMask", "Nice", "OOMScoreAdjust",
    "CapabilityBoundingSet", "AmbientCapabilities", "NoNewPrivileges", "DynamicUser", "PrivateTmp", "PrivateDevices",
    "PrivateNetwork", "PrivateUsers", "ProtectSystem", "ProtectHome", "ProtectKernelTunables", "ProtectKernelModules",
    "ProtectKernelLogs", "ProtectControlGroups", "ProtectHostname", "ProtectClock", "ProtectProc", "ReadWritePaths",
    "ReadOnlyPaths", "InaccessiblePaths", "RuntimeDirectory", "RuntimeDirectoryMode", "StateDirectory",
    "StateDirectoryMode", "CacheDirectory", "LogsDirectory", "ConfigurationDirectory", "RestrictAddressFamilies",
    "RestrictNamespaces", "RestrictRealtime", "RestrictSUIDSGID", "LockPersonality", "MemoryDenyWriteExecute",
    "SystemCallFilter", "SystemCallArchitectures", "LimitNOFILE", "LimitNPROC", "LimitCORE", "LimitMEMLOCK",
    "MemoryMax", "MemoryHigh", "CPUQuota", "CPUWeight", "TasksMax", "Slice", "Delegate", "KillMode", "KillSignal",
    "SendSIGKILL", "StartLimitIntervalSec", "StartLimitBurst", "SupplementaryGroups", "Unit", "Service", "Sockets",
    "What", "Where", "Options"))
KNOWN: FrozenSet[str] = frozenset(WHERE) | SHARED
WORDS: Dict[str, Tuple[str, ...]] = {
    "Type": ("simple", "exec", "forking", "oneshot", "dbus", "notify", "notify-reload", "idle"),
    "Restart": ("no", "on-success", "on-failure", "on-abnormal", "on-watchdog", "on-abort", "always"),
    "KillMode": ("control-group", "mixed", "process", "none"),
}


def lint(text: str, unit: str = "") -> None:
    """Raises Refused for a line that is neither a section, a setting nor a comment (see systemd.syntax(7)), and for
    sections, keys and values that systemd passes over. unit: the unit of which this is all; "": it is a drop-in."""
    section, goes_on = "", False
    keys: List[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        continues, goes_on = goes_on, line.endswith("\\")
        if not bare or bare.startswith(("#", ";")):
            goes_on = continues and bool(bare)  # a comment may stand between a line and what continues it
        elif continues:
            continue
        elif re.match(r"\[[^\[\]]+\]\Z", bare):
            section = bare[1:-1]
            _section(section, number)
        elif not re.match(r"[A-Za-z0-9-]+\s*=", bare):
            raise Refused("content", "has no `key=value`, [Section] or comment in line %d: `%s`" % (number, bare[:60]),
                          _line_mend(bare))
        elif not section:
            raise Refused("content", "has a setting before the first [Section], in line %d" % number,
                          "begin with [Unit] or [Service]")
        else:
            key, _, value = bare.partition("=")
            keys.append(key.strip())
            _setting(section, key.strip(), value.strip(), number)
    if unit.endswith(".service") and not {"ExecStart", "ExecStop", "SuccessAction"} & set(keys):
        raise Refused("content", "says nothing to start", "add [Service] and `ExecStart=/path/of/the/program`")


def _line_mend(bare: str) -> str:
    if re.match(r"\[\w+\]\s", bare):
        return "each on a line of its own: write `content: |`, as `>` makes one line of several"
    if re.match(r"[A-Za-z0-9-]+\s*:", bare):
        return "write `=` for the colon"
    return "mend that line"


def _section(name: str, number: int) -> None:
    if name not in SECTIONS and not name.startswith("X-"):
        raise Refused("content", "has a section that systemd passes over, in line %d: `[%s]`" % (number, name),
                      did_you_mean(name, SECTIONS))


def _setting(section: str, key: str, value: str, number: int) -> None:
    if section.startswith("X-") or key.startswith("X-"):
        return
    place = WHERE.get(key, section)
    if place != section and section in PLACES:
        raise Refused("content", "has `%s` in [%s], in line %d, where systemd passes over it" % (key, section, number),
                      "move it into [%s]" % place)
    meant = _misspelt(key)
    if meant:
        raise Refused("content", "has a key that systemd passes over, in line %d: `%s`" % (number, key),
                      "did you mean `%s`?" % meant)
    words = WORDS.get(key) if section == "Service" else None
    if words is not None and value and "%" not in value and value not in words:
        raise Refused("content", "line %d: `%s` is %s, not `%s`" % (number, key, " or ".join(words), value),
                      did_you_mean(value, words))
    if key.startswith("Exec") and re.match(r"[@:+!|-]*\.{0,2}[\w.-]*/", value) and not re.match(r"[@:+!|-]*/", value):
        raise Refused("content", "line %d: `%s` is not the whole path of a program" % (
            number, value.split(maxsplit=1)[0]), "begin it with /")


def _misspelt(key: str) -> str:
    """The key that was meant, when one differs from it by a letter or two that changed places; "": none does."""
    if key in KNOWN or len(key) < 5:
        return ""
    import difflib

    near = difflib.get_close_matches(key, KNOWN, 1, 0.88)
    if not near:
        return ""
    is_close = difflib.SequenceMatcher(None, key, near[0]).ratio() >= 0.945
    return near[0] if is_close or sorted(near[0]) == sorted(key) or near[0].lower() == key.lower() else ""
