"""The words of sshd_config(5): its settings, and the values of those that take one of a few."""
from __future__ import annotations

import re
from typing import Dict, Tuple

from .errors import Refused
from .values import did_you_mean

KEYWORDS = (
    "AcceptEnv", "AddressFamily", "AllowAgentForwarding", "AllowGroups", "AllowStreamLocalForwarding",
    "AllowTcpForwarding", "AllowUsers", "AuthenticationMethods", "AuthorizedKeysCommand", "AuthorizedKeysCommandUser",
    "AuthorizedKeysFile", "AuthorizedPrincipalsCommand", "AuthorizedPrincipalsFile", "Banner", "CASignatureAlgorithms",
    "ChrootDirectory", "Ciphers", "ClientAliveCountMax", "ClientAliveInterval", "Compression", "DenyGroups",
    "DenyUsers", "DisableForwarding", "FingerprintHash", "ForceCommand", "GatewayPorts", "GSSAPIAuthentication",
    "HostbasedAuthentication", "HostCertificate", "HostKey", "HostKeyAlgorithms", "IgnoreRhosts",
    "IgnoreUserKnownHosts", "KbdInteractiveAuthentication", "KexAlgorithms", "ListenAddress", "LoginGraceTime",
    "LogLevel", "MACs",
    "MaxAuthTries", "MaxSessions", "MaxStartups", "PasswordAuthentication", "PermitEmptyPasswords", "PermitListen",
    "PermitOpen", "PermitRootLogin", "PermitTTY", "PermitTunnel", "PermitUserEnvironment", "PermitUserRC", "PidFile",
    "Port", "PrintLastLog", "PrintMotd", "PubkeyAcceptedAlgorithms", "PubkeyAuthentication", "RekeyLimit",
    "RequiredRSASize", "RevokedKeys", "SetEnv", "StreamLocalBindUnlink", "StrictModes", "Subsystem", "SyslogFacility",
    "TCPKeepAlive", "TrustedUserCAKeys", "UseDNS", "UsePAM", "VersionAddendum", "X11Forwarding", "X11UseLocalhost",
    "ChannelTimeout", "ExposeAuthInfo", "GSSAPICleanupCredentials", "GSSAPIStrictAcceptorCheck", "HostKeyAgent",
    "HostbasedAcceptedAlgorithms", "HostbasedUsesNameFromPacketOnly", "IPQoS", "KerberosAuthentication",
    "KerberosGetAFSToken", "KerberosOrLocalPasswd", "KerberosTicketCleanup", "LogVerbose", "ModuliFile",
    "PerSourceMaxStartups", "PerSourceNetBlockSize", "PerSourcePenalties", "PerSourcePenaltyExemptList",
    "PubkeyAuthOptions", "RDomain", "RefuseConnection", "SecurityKeyProvider", "UnusedConnectionTimeout",
    "X11DisplayOffset", "XAuthLocation",
)
OF_CLIENTS = frozenset(word.lower() for word in (
    "StrictHostKeyChecking", "IdentityFile", "IdentitiesOnly", "ProxyJump", "ProxyCommand", "User", "Host", "HostName",
    "ServerAliveInterval", "ServerAliveCountMax", "ForwardAgent", "ForwardX11", "UserKnownHostsFile", "BatchMode",
    "GlobalKnownHostsFile", "ControlMaster", "ControlPath", "ControlPersist", "ConnectTimeout", "AddKeysToAgent",
    "LocalForward", "RemoteForward", "DynamicForward", "HashKnownHosts", "SendEnv", "PreferredAuthentications"))
_YES_NO = ("yes", "no")
_FORWARDING = ("yes", "no", "all", "local", "remote")
_CHOICES: Dict[str, Tuple[str, ...]] = {
    **dict.fromkeys((
        "allowagentforwarding", "disableforwarding", "hostbasedauthentication", "ignoreuserknownhosts",
        "kbdinteractiveauthentication", "passwordauthentication", "permitemptypasswords", "permittty", "permituserrc",
        "printlastlog", "printmotd", "pubkeyauthentication", "streamlocalbindunlink", "strictmodes", "tcpkeepalive",
        "usedns", "usepam", "x11forwarding", "x11uselocalhost", "gssapiauthentication"), _YES_NO),
    "permitrootlogin": ("yes", "no", "prohibit-password", "without-password", "forced-commands-only"),
    "addressfamily": ("any", "inet", "inet6"), "allowtcpforwarding": _FORWARDING,
    "allowstreamlocalforwarding": _FORWARDING, "compression": ("yes", "no", "delayed"),
    "gatewayports": ("yes", "no", "clientspecified"), "ignorerhosts": ("yes", "no", "shosts-only"),
    "permittunnel": ("yes", "no", "point-to-point", "ethernet"), "fingerprinthash": ("sha256", "md5"),
    "loglevel": ("QUIET", "FATAL", "ERROR", "INFO", "VERBOSE", "DEBUG", "DEBUG1", "DEBUG2", "DEBUG3"),
    "syslogfacility": ("AUTH", "AUTHPRIV", "DAEMON", "USER", *("LOCAL%d" % number for number in range(8))),
}
_FORMS = {
    **dict.fromkeys(("maxauthtries", "maxsessions", "clientalivecountmax", "x11displayoffset", "requiredrsasize"),
                    (r"\d+", "a whole number")),
    **dict.fromkeys(("clientaliveinterval", "logingracetime"), (r"none|(?:\d+[smhdw]?)+", "a time: 120, 2m or 1h30m")),
    "port": (r"(?!0+\Z)(?:\d{1,4}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5])", "a number up to 65535"),
    "maxstartups": (r"\d+(?::\d+:\d+)?", "a number, or as 10:30:100"),
}


def value(name: str, text: str) -> None:
    """Raises Refused for a value that sshd would not take, of settings whose values are known here."""
    text = text.strip().strip('"')
    choices = _CHOICES.get(name.lower())
    if choices is not None and text.lower() not in [one.lower() for one in choices]:
        raise Refused("", "%s is %s, not `%s`" % (name, " or ".join(choices), text),
                      "leave the = out" if text.startswith("=") else did_you_mean(text, choices))
    form = _FORMS.get(name.lower())
    if form is not None and not re.match("(?:%s)\\Z" % form[0], text, re.IGNORECASE):
        raise Refused("", "%s is %s, not `%s`" % (name, form[1], text), "several are a list: [22, 2222]"
                      if name.lower() == "port" and "," in text else "write %s" % form[1])
