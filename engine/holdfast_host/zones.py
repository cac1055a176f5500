"""Names of time zones, as far as this machine knows them."""
from __future__ import annotations

import os
import re
from typing import List

from .errors import Refused

FOLDER = "/usr/share/zoneinfo"
NO_ZONES = ("posix", "right", "tzdata.zi", "leapseconds", "localtime", "posixrules")


def zone(name: str) -> None:
    """A name that tzdata may have. What this machine does not know is refused only when it knows what was meant: the
    host's own tzdata may be newer, or have old names too."""
    offset = re.match(r"(?:UTC|GMT)?([+-])(\d{1,2})(?::?00)?\Z", name)
    if offset is not None:
        sign, hours = ("-" if offset.group(1) == "+" else "+"), int(offset.group(2))
        raise Refused("", "`%s` is a distance from UTC, not a time zone" % name, "name a place: Europe/Berlin; or "
                      "Etc/GMT%s%d, whose sign is the other way round" % (sign, hours))
    if os.path.exists(os.path.join(FOLDER, name)):
        return
    known = _known()
    lower = {one.lower(): one for one in known}
    meant = lower.get(name.lower().replace(" ", "_")) or next(
        (one for one in known if one.rpartition("/")[2].lower() == name.lower().replace(" ", "_")), "")
    if not meant and "/" in name:
        import difflib

        meant = (difflib.get_close_matches(name, known, 1, 0.85) or [""])[0]
    if meant:
        raise Refused("", "there is no time zone `%s`" % name, "did you mean `%s`?" % meant)


def _known() -> List[str]:
    found: List[str] = []
    for folder, folders, names in os.walk(FOLDER):
        folders[:] = sorted(one for one in folders if one not in NO_ZONES)
        place = os.path.relpath(folder, FOLDER)
        found += ["%s/%s" % (place, one) if place != "." else one for one in sorted(names)
                  if one[:1].isupper() and one not in NO_ZONES]
    return found
