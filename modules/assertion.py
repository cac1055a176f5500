"""assert: something holds on a host, or nothing that needs it is carried out."""
from __future__ import annotations

from typing import ClassVar, Optional, Sequence

from holdfast_host import ALWAYS, Change, Declared, Refused, Resource, arg


class Assert(Resource):
    """Something holds for a host. If not, this fails, in a plan too, and what requires it is skipped. It changes
    nothing."""

    named: ClassVar[str] = "name"
    looks_only: ClassVar[str] = ALWAYS
    example: ClassVar[str] = """
        - assert: the host is a Debian
          that: "{{ facts.os.family == 'debian' }}"
          mend: these documents know Debian and its kin only
    """

    name: str = arg(doc="What is to hold, in words.")
    that: bool = arg(doc="Whether it holds: true or false, mostly a template.")
    mend: str = arg("", doc="What to do when it does not.")

    def observe(self) -> bool:
        return self.that

    def diff(self, observed: bool) -> Optional[Change]:
        if not observed:
            raise Refused("that", "is false: %s" % self.name, self.mend)
        return None

    def undo(self, observed: bool, change: Change) -> Sequence[Declared]:
        return ()  # it changes nothing

    def converge(self, change: Change) -> None:
        raise NotImplementedError("nothing is ever changed here")
