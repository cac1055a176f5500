"""Modules of Ansible, as one type has them."""
from __future__ import annotations

from tests.contract.case import Case

CASES = (
    Case("ansible_module",
         """
         - ansible_module: a line
           module: lineinfile
           arguments: {path: /srv/line, line: a=1, create: true}
         """,
         lambda w: bool(w.file("/srv/line").exists and w.file("/srv/line").contains("^a=1$")),
         """
         - ansible_module: a line
           module: file
           arguments: {path: /srv/line, state: absent}
         """,
         ("rm /srv/line", "echo b=1 > /srv/line")),
)
