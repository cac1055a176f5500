"""The parts of holdfast-svc: a service packaged as Debian packages are, with the scripts that debhelper writes."""

from __future__ import annotations

CONFFILE = "/etc/holdfast-svc.conf"

PROGRAM = f"""\
#!/bin/sh
# Keeps what it was started with in /run/holdfast-svc, so that a test sees whether a restart took a new configuration.
set -e
. {CONFFILE}
echo "$GREETING" > /run/holdfast-svc
exec sleep infinity
"""

UNIT = """\
[Unit]
Description=Holdfast's service for tests

[Service]
ExecStart=/usr/bin/holdfast-svc
ExecReload=/usr/bin/sh -c '. /etc/holdfast-svc.conf; echo "reloaded $GREETING" > /run/holdfast-svc'
ExecStopPost=/usr/bin/rm -f /run/holdfast-svc

[Install]
WantedBy=multi-user.target
"""

POSTINST = """\
#!/bin/sh
set -e
case "$1" in configure|abort-upgrade|abort-deconfigure|abort-remove)
    deb-systemd-helper unmask holdfast-svc.service >/dev/null || true
    if deb-systemd-helper --quiet was-enabled holdfast-svc.service; then
        deb-systemd-helper enable holdfast-svc.service >/dev/null || true
    else
        deb-systemd-helper update-state holdfast-svc.service >/dev/null || true
    fi
    if [ -d /run/systemd/system ]; then
        systemctl --system daemon-reload >/dev/null || true
        if [ -n "$2" ]; then action=restart; else action=start; fi
        deb-systemd-invoke $action holdfast-svc.service >/dev/null || true
    fi
esac
"""

PRERM = """\
#!/bin/sh
set -e
if [ -d /run/systemd/system ] && [ "$1" = remove ]; then
    deb-systemd-invoke stop holdfast-svc.service >/dev/null || true
fi
"""

POSTRM = """\
#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then systemctl --system daemon-reload >/dev/null || true; fi
if [ "$1" = remove ] && [ -x /usr/bin/deb-systemd-helper ]; then
    deb-systemd-helper mask holdfast-svc.service >/dev/null || true
fi
if [ "$1" = purge ] && [ -x /usr/bin/deb-systemd-helper ]; then
    deb-systemd-helper purge holdfast-svc.service >/dev/null || true
    deb-systemd-helper unmask holdfast-svc.service >/dev/null || true
fi
"""
