"""group: a group of users is there, or is not."""
from __future__ import annotations

from typing import Any, ClassVar, List, Optional, Sequence, Tuple

from holdfast_host import (
    Change,
    Declared,
    Field,
    Identity,
    Outputs,
    Record,
    Refused,
    Resource,
    accounts,
    arg,
    checks,
    files,
    process,
)


def _gid(number: int) -> None:
    if not 0 <= number < 2 ** 32 - 1:
        raise Refused("", "is 0 to 4294967294, not %d" % number, "write a number in that range")


def _members(names: Sequence[str]) -> None:
    for name in names:
        checks.account(name)


class Observed(Record):
    """entry: None: there is no such group in /etc/group. elsewhere: a directory service knows it. gid_owner: the other
    group that has the wanted number. primary_of: users whose primary group it is. strangers: wanted members that are
    no users of this host."""

    entry: Optional[accounts.GroupEntry]
    elsewhere: bool = False
    gid_owner: Optional[str] = None
    primary_of: Tuple[str, ...] = ()
    strangers: Tuple[str, ...] = ()


class Group(Resource):
    """A group of users is there, or is not."""

    name: str = arg(doc="The group's name.", check=checks.account)
    state: str = arg(default="present", choices=("present", "absent"), doc="Whether the group is there.")
    gid: Optional[int] = arg(default=None, check=_gid, doc="Its number; without it the host chooses one. When it is "
                             "changed, files keep the old number.")
    system: bool = arg(default=False, doc="Choose the number from those of system groups when the group is made.")
    members: Optional[Tuple[str, ...]] = arg(default=None, check=_members, doc="Exactly these users are members. "
                                             "Without it members are left as they are; `user` has `groups` for single "
                                             "ones.")

    gives: ClassVar[Tuple[str, ...]] = ("gid",)
    named: ClassVar[str] = "name"
    example: ClassVar[str] = """
        - group: operators
          gid: 2000
    """

    def check(self) -> None:
        if self.state == "absent" and (self.gid is not None or self.members is not None):
            raise Refused("state", "is absent, so `gid` and `members` say nothing", "leave them out")

    def provides(self) -> Sequence[Identity]:
        number = (("gid", str(self.gid)),) if self.gid is not None and self.state == "present" else ()
        return (("group", self.name), *number)

    def wants(self) -> Sequence[Identity]:
        return tuple(("user", member) for member in self.members or ())

    def observe(self) -> Observed:
        return self._found_in(accounts.load())

    @classmethod
    def observe_many(cls, resources: Sequence[Any]) -> List[Any]:
        known = accounts.load()
        return [resource._found_in(known) for resource in resources]

    def _found_in(self, known: accounts.Accounts) -> Observed:
        entry = known.groups.get(self.name)
        owner = next((g.name for g in known.groups.values() if g.gid == self.gid and g.name != self.name), None)
        return Observed(entry, entry is None and _is_in_directory(self.name), owner,
                        tuple(user.name for user in known.users.values() if entry and user.gid == entry.gid),
                        tuple(member for member in self.members or () if member not in known.users))

    def diff(self, observed: Observed) -> Optional[Change]:
        if observed.elsewhere:
            raise Refused("name", "`%s` comes from a directory service, not from /etc/group" % self.name,
                          "change it there")
        if self.state == "absent":
            return self._removal(observed)
        if observed.gid_owner is not None:
            raise Refused("gid", "%s is the number of group `%s`" % (self.gid, observed.gid_owner), "choose another")
        if observed.strangers:
            raise Refused("members", "there is no user %s" % ", ".join(observed.strangers), "declare it as a `user`")
        fields = self._differences(observed.entry)
        if observed.entry is None:
            return Change("create", (Field("state", "absent", "present"), *fields))
        return Change("update", fields) if fields else None

    def _removal(self, observed: Observed) -> Optional[Change]:
        if observed.entry is None:
            return None
        if observed.primary_of:
            raise Refused("state", "it is the primary group of %s" % ", ".join(observed.primary_of),
                          "give these users another one first, or remove them")
        return Change("delete", (Field("state", "present", "absent"),))

    def _differences(self, entry: Optional[accounts.GroupEntry]) -> Tuple[Field, ...]:
        fields: List[Field] = []
        if self.gid is not None and (entry is None or entry.gid != self.gid):
            fields.append(Field("gid", entry and entry.gid, self.gid))
        if self.members is not None and sorted(set(self.members)) != sorted(set(entry.members if entry else ())):
            fields.append(Field("members", sorted(entry.members) if entry else None, sorted(set(self.members))))
        return tuple(fields)

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        entry = observed.entry
        if entry is None:
            return (("group", {"name": self.name, "state": "absent"}),)
        before = {"gid": entry.gid, "members": list(entry.members)}
        named = before if self.state == "absent" else {field.name for field in change.fields}
        return (("group", {"name": self.name, **{name: before[name] for name in named}}),)

    def converge(self, change: Change) -> None:
        for argv in self.commands(change):
            process.run(argv).must("cannot %s group %s" % (change.action, self.name))
        files.forget()

    def commands(self, change: Change) -> List[List[str]]:
        """The programs that bring the change about, in order."""
        named = {field.name for field in change.fields}
        number = ["--gid", str(self.gid)] if "gid" in named else []
        argvs: List[List[str]] = []
        if change.action == "delete":
            argvs.append(["groupdel", self.name])
        elif change.action == "create":
            argvs.append(["groupadd", *number, *(["--system"] if self.system else []), self.name])
        elif number:
            argvs.append(["groupmod", *number, self.name])
        if "members" in named:
            argvs.append(["gpasswd", "--members", ",".join(sorted(set(self.members or ()))), self.name])
        return argvs

    def outputs(self, observed: Observed) -> Outputs:
        return {"gid": observed.entry.gid} if observed.entry else {}


def _is_in_directory(name: str) -> bool:
    """Whether LDAP, sssd or the like knows the name; asked only for names that the host's file does not have."""
    import grp

    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True
