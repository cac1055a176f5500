"""Sent to a host by floor_client.py and run by its Python: looks at the 100 resources and prints what is there.

The argument is JSON: the paths of directories and files, the file with lines, the names of packages and services.
"""

import hashlib
import json
import os
import subprocess
import sys
from typing import Any


def look(path: str) -> list[Any]:
    state = os.lstat(path)
    return [state.st_mode & 0o7777, state.st_uid, state.st_gid]


def file(path: str) -> list[Any]:
    with open(path, "rb") as whole:
        return [*look(path), hashlib.sha256(whole.read()).hexdigest()]


def said(*argv: str) -> list[str]:
    return subprocess.run(argv, stdout=subprocess.PIPE, check=False).stdout.decode().splitlines()


ask = json.loads(sys.argv[1])
folder, ways, count = ask["folder"], ask["directories"], ask["files"]
with open(ask["line_file"]) as stream:
    lines = stream.read().splitlines()
found = {
    "directories": [look(f"{folder}{n}") for n in range(1, ways + 1)],
    "files": [file(f"{folder}{(n - 1) % ways + 1}/f{n}.conf") for n in range(1, count + 1)],
    "lines": lines,
    "packages": said("dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *ask["packages"]),
    "services": said("systemctl", "show", "-p", "ActiveState", "-p", "UnitFileState", *ask["services"]),
}
print(json.dumps(found))
