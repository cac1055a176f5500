"""user: a user's account is there, or is not."""
from __future__ import annotations

import os
import re
from typing import Any, ClassVar, Dict, List, Mapping, Optional, Sequence, Tuple

from holdfast_host import (
    ALWAYS,
    Change,
    Declared,
    Failed,
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
from holdfast_host.record import with_fields

NONE = ("!", "*", "!*", "!!")  # what stands where there is no password
# The forms that crypt(5) names.
HASH = re.compile(r"!?\$(1|2[abxy]?|5|6|7|y|gy|sha1)\$[./A-Za-z0-9$,=+-]{8,}\Z")
SKELETON = "/etc/skel"


def _hash(text: str) -> None:
    if text not in NONE and not HASH.match(text):
        raise Refused("", "is not a password's hash", "make one with `openssl passwd -6`; `!` stands for no password")


def _number(number: int) -> None:
    if not 0 <= number < 2 ** 32 - 1:
        raise Refused("", "is 0 to 4294967294, not %d" % number, "write a number in that range")


def _field(text: str) -> None:
    if ":" in text or "\n" in text:
        raise Refused("", "holds a colon or a line end, which /etc/passwd cannot keep", "leave them out")


def _path(text: str) -> None:
    checks.absolute(text)
    _field(text)


def _date(text: str) -> None:
    if text != "never":
        _days(text)


def _groups(names: Sequence[str]) -> None:
    for name in names:
        if not name.isdecimal():
            checks.account(name)


class Observed(Record):
    """entry: None: there is no such user in /etc/passwd. shadow: None when it was not needed or is not there. groups:
    names of those it is a member of, without the primary one. elsewhere: a directory service knows the name.
    uid_owner: the other user that has the wanted number. wanted: the declared groups by name, whatever they were
    declared by; missing: those that are not there. has_home: whether a directory stands where the home is to be.
    future_home: what making it would put there."""

    entry: Optional[accounts.UserEntry]
    shadow: Optional[accounts.ShadowEntry] = None
    primary: str = ""
    groups: Tuple[str, ...] = ()
    elsewhere: bool = False
    uid_owner: Optional[str] = None
    wanted: Tuple[str, ...] = ()
    missing: Tuple[str, ...] = ()
    own_group: bool = False
    has_home: bool = True
    future_home: Mapping[str, Optional[files.FileState]] = {}


class User(Resource):
    """A user's account is there, or is not. What is not said stays as it is; a new account gets the host's defaults."""

    name: str = arg(doc="The account's name.", check=checks.account)
    state: str = arg(default="present", choices=("present", "absent"), doc="Whether the account is there.")
    uid: Optional[int] = arg(default=None, check=_number, doc="Its number; without it the host chooses one. When it is "
                             "changed, files outside the home keep the old number.")
    group: Optional[str] = arg(default=None, check=lambda name: _groups([name]), doc="Its primary group, by name or "
                               "number; default for a new account: one of its own name.")
    groups: Optional[Tuple[str, ...]] = arg(default=None, check=_groups, doc="Further groups that it is a member of.")
    append: bool = arg(default=True, doc="Leave it in other groups too; false: `groups` are all it is a member of.")
    home: Optional[str] = arg(default=None, check=_path, doc="Its home; default for a new account: /home/NAME.")
    create_home: Optional[bool] = arg(default=None, doc="Make the home, from /etc/skel, when it is not there. Default: "
                                      "only together with a new account that is not a system account.")
    move_home: bool = arg(default=False, doc="When `home` changes, move the old one's content there.")
    shell: Optional[str] = arg(default=None, check=_path, doc="Its login shell; /usr/sbin/nologin for none.")
    comment: Optional[str] = arg(default=None, check=_field, doc="Its full name, or what it is for.")
    system: bool = arg(default=False, doc="Choose the number from those of system accounts when it is made.")
    password_hash: Optional[str] = arg(default=None, check=_hash, secret=ALWAYS, public=NONE, doc="Its password "
                                       "as a hash (`openssl passwd -6`), or `!` for none. It never stands in a command "
                                       "line.")
    update_password: str = arg(default="always", choices=("always", "on_create"), doc="on_create: users may change "
                               "their password afterwards.")
    locked: Optional[bool] = arg(default=None, doc="Whether login by password is locked (SSH keys go on working).")
    expires: Optional[str] = arg(default=None, check=_date, doc="The day from which nobody may log in, as 2030-12-31, "
                                 "or `never`.")
    remove_home: bool = arg(default=False, doc="With `state: absent`: delete its home and mail as well.")

    gives: ClassVar[Tuple[str, ...]] = ("uid", "gid", "home")
    named: ClassVar[str] = "name"
    example: ClassVar[str] = """
        - user: ada
          comment: Ada Lovelace
          groups: [operators]
          shell: /bin/bash
    """

    def check(self) -> None:
        if self.remove_home and self.state == "present":
            raise Refused("remove_home", "goes with `state: absent`", "leave it out")
        if self.state == "absent" and self.name == "root":
            raise Refused("state", "root cannot be removed", "set `locked: true` to stop its password")
        if self.move_home and self.home is None:
            raise Refused("move_home", "needs `home`", "say where the home is to be")
        if self.locked is False and self.password_hash and self.password_hash.startswith(("!", "*")):
            raise Refused("locked", "`password_hash` is none, so there is nothing to unlock", "leave `locked` out")

    def provides(self) -> Sequence[Identity]:
        number = (("uid", str(self.uid)),) if self.uid is not None and self.state == "present" else ()
        return (("user", self.name), *number)

    def wants(self) -> Sequence[Identity]:
        if self.state == "absent":
            return ()
        return tuple(("group", name) for name in (self.group or self.name, *(self.groups or ())))

    # -- looking -----------------------------------------------------------------------------------------------------

    def observe(self) -> Observed:
        return self._found_in(accounts.load(self._asks_shadow()))

    @classmethod
    def observe_many(cls, resources: Sequence[Any]) -> List[Any]:
        known = accounts.load(any(resource._asks_shadow() for resource in resources))
        return [resource._found_in(known) for resource in resources]

    def _asks_shadow(self) -> bool:
        return self.state == "present" and (self.password_hash is not None or self.locked is not None
                                            or self.expires is not None)

    def _found_in(self, known: accounts.Accounts) -> Observed:
        entry = known.users.get(self.name)
        wanted = [name for name in (self.group, *(self.groups or ())) if name is not None]
        groups = [(known.group_named(name), name) for name in self.groups or ()]
        home = self._home(entry)
        makes_home = self._makes_home(entry)
        has_home = not makes_home or files.look(home) is not None
        return Observed(
            entry, known.shadow.get(self.name), known.group_of(entry.gid) if entry else "",
            tuple(sorted(g.name for g in known.groups.values() if self.name in g.members)),
            entry is None and _is_in_directory(self.name),
            next((u.name for u in known.users.values() if u.uid == self.uid and u.name != self.name), None),
            tuple(group.name if group else name for group, name in groups),
            tuple(name for name in wanted if known.group_named(name) is None), self.name in known.groups,
            has_home, {} if has_home else future_home(home, self.name, self._primary_name(entry, known)))

    def _home(self, entry: Optional[accounts.UserEntry]) -> str:
        return self.home or (entry.home if entry else "/home/" + self.name)

    def _makes_home(self, entry: Optional[accounts.UserEntry]) -> bool:
        if self.state == "absent" or (entry is not None and self.move_home and entry.home != self.home):
            return False
        return self.create_home if self.create_home is not None else entry is None and not self.system

    def _primary_name(self, entry: Optional[accounts.UserEntry], known: accounts.Accounts) -> str:
        if self.group is not None:
            group = known.group_named(self.group)
            return group.name if group else self.group
        return known.group_of(entry.gid) if entry else self.name

    # -- deciding ----------------------------------------------------------------------------------------------------

    def diff(self, observed: Observed) -> Optional[Change]:
        if observed.elsewhere:
            raise Refused("name", "`%s` comes from a directory service, not from /etc/passwd" % self.name,
                          "change it there")
        if self.state == "absent":
            return self._removal(observed.entry)
        if observed.uid_owner is not None:
            raise Refused("uid", "%s is the number of user `%s`" % (self.uid, observed.uid_owner), "choose another")
        if observed.missing:
            argument = "group" if observed.missing[0] == self.group else "groups"
            raise Refused(argument, "there is no group %s" % ", ".join(observed.missing), "declare it as a `group`")
        fields = [*self._entry_fields(observed), *self._shadow_fields(observed)]
        if not observed.has_home:
            fields.append(Field("create_home", False, True))
        if observed.entry is None:
            return Change("create", (Field("state", "absent", "present"), *fields), observed.future_home,
                          observed.own_group)
        return Change("update", tuple(fields), observed.future_home) if fields else None

    def _removal(self, entry: Optional[accounts.UserEntry]) -> Optional[Change]:
        if entry is None:
            return None
        fields = [Field("state", "present", "absent")]
        if self.remove_home:
            fields.append(Field("home", entry.home, None))
        return Change("delete", tuple(fields), {entry.home: None} if self.remove_home else {})

    def _entry_fields(self, observed: Observed) -> List[Field]:
        entry = observed.entry
        fields: List[Field] = []
        for name, found in (("uid", entry and entry.uid), ("home", entry and entry.home),
                            ("shell", entry and entry.shell), ("comment", entry and entry.comment)):
            wanted = getattr(self, name)
            if wanted is not None and wanted != found:
                fields.append(Field(name, found, wanted))
        if self.group is not None and self.group not in (observed.primary, str(entry.gid) if entry else ""):
            fields.append(Field("group", observed.primary or None, self.group))
        if self.groups is not None:
            wanted_groups = sorted({*observed.wanted, *(observed.groups if self.append else ())} - {self.group})
            if wanted_groups != sorted(set(observed.groups) - {self.group}):
                fields.append(Field("groups", list(observed.groups) if entry else None, wanted_groups))
        return fields

    def _shadow_fields(self, observed: Observed) -> List[Field]:
        is_new = observed.entry is None
        found = observed.shadow.password if observed.shadow else None
        sets_password = self.password_hash is not None and (is_new or self.update_password == "always")  # noqa: S105
        after = self._stored(self.password_hash if sets_password else found)
        if self.locked is False and _bare(after) in (None, "", "*"):
            raise Refused("locked", "the account has no password: unlocked, anybody could log in without one",
                          "give a `password_hash`")
        fields: List[Field] = []
        if sets_password and (_bare(after) != _bare(found) or (self.locked is None and after != found)):
            fields.append(Field("password_hash", found, after))
        if self.locked is not None and self.locked != _is_locked(found):
            fields.append(Field("locked", None if is_new else _is_locked(found), self.locked))
        days = observed.shadow.expires if observed.shadow else None
        if self.expires is not None and _days(self.expires) != days:
            fields.append(Field("expires", None if is_new else _date_of(days), self.expires))
        return fields

    def _stored(self, password: Optional[str]) -> Optional[str]:
        """What shadow is to hold for this password: locked by a `!` before it, or not, or as it is."""
        if self.locked is None or password is None:
            return password
        return "!" + password.lstrip("!") if self.locked else password.lstrip("!")

    # -- doing -------------------------------------------------------------------------------------------------------

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        known = accounts.load(with_shadow=True)
        if change.action == "create":
            return (("user", {"name": self.name, "state": "absent"}), *_own_group(known, self.name),
                    *_without(observed.future_home))
        if change.action == "delete":
            return self._made_again(known)
        shadow = known.shadow.get(self.name)
        before = {field.name: field.before for field in change.fields if field.name != "create_home"}
        if "password_hash" in before or "locked" in before:  # the lock is a part of it
            before.pop("locked", None)
            before["password_hash"] = shadow.password if shadow else None
        if "groups" in before:
            before["append"] = False
        if "home" in before and self.move_home:
            before["move_home"] = True
        back = (("user", {"name": self.name, **before}),) if before else ()
        return (*back, *_without(observed.future_home))

    def _made_again(self, known: accounts.Accounts) -> Sequence[Declared]:
        """The account as it is now, but for how long its password is valid."""
        entry, shadow = known.users[self.name], known.shadow.get(self.name)
        if self.remove_home and files.look(entry.home) is not None:
            raise Failed("its home is removed")
        primary = known.group_of(entry.gid)
        return (*_own_group(known, self.name), ("user", {
            "name": self.name, "uid": entry.uid, "group": primary, "home": entry.home, "shell": entry.shell,
            "comment": entry.comment, "create_home": False, "append": False,
            "groups": sorted(g.name for g in known.groups.values() if self.name in g.members and g.name != primary),
            "system": entry.uid < accounts.login_number("UID_MIN", "1000"),
            "password_hash": shadow.password if shadow else None,
            "expires": _date_of(shadow.expires if shadow else None)}))

    def converge(self, change: Change) -> None:
        for argv, stdin in self.commands(change):
            done = process.run(argv, stdin=stdin)
            if done.code == 8 and argv[0] in ("userdel", "usermod"):
                raise Failed("cannot %s user %s while it has processes" % (change.action, self.name), done.said(),
                             mend="end them first: `loginctl terminate-user %s`" % self.name)
            done.must("cannot %s user %s" % (change.action, self.name))
        files.forget()
        for path, state in list(change.files.items())[:1]:
            found = files.look(path)
            if state is not None and found is not None:  # mkhomedir_helper has a mode of its own
                files.dress(path, found, with_fields(found, mode=state.mode))

    def commands(self, change: Change) -> List[Tuple[List[str], bytes]]:
        """The programs that bring the change about, in order, each with its standard input; secrets only in that."""
        after = {field.name: field.after for field in change.fields}
        if change.action == "delete":
            return [(["userdel", *(["--remove"] if self.remove_home else []), self.name], b"")]
        found: List[Tuple[List[str], bytes]] = []
        options = self._options(after)
        if change.action == "create":
            if self.group is None and change.payload:  # a group of its name is there already
                options += ["--gid", self.name]
            options += ["--create-home" if "create_home" in after else "--no-create-home"]
            found.append((["useradd", *options, *(["--system"] if self.system else []), self.name], b""))
        elif options:
            found.append((["usermod", *options, *(["--move-home"] if self.move_home and "home" in after else []),
                           self.name], b""))
        if after.get("password_hash") is not None:
            line = "%s:%s\n" % (self.name, after["password_hash"])
            found.append((["chpasswd", "--encrypted"], line.encode()))
        elif "locked" in after:
            found.append((["usermod", "--lock" if after["locked"] else "--unlock", self.name], b""))
        if change.action == "update" and "create_home" in after:
            found.append((["mkhomedir_helper", self.name], b""))
        return found

    def _options(self, after: Mapping[str, Any]) -> List[str]:
        """What useradd and usermod have in common."""
        words = {"uid": "--uid", "group": "--gid", "home": "-d", "shell": "--shell", "comment": "--comment"}
        options: List[str] = []
        for name, word in words.items():
            if name in after:
                options += [word, str(after[name])]
        if "groups" in after:
            options += ["--groups", ",".join(after["groups"])]
        if "expires" in after:
            options += ["--expiredate", "" if after["expires"] == "never" else after["expires"]]
        return options

    def outputs(self, observed: Observed) -> Outputs:
        entry = observed.entry
        return {"uid": entry.uid, "gid": entry.gid, "home": entry.home} if entry else {}


# -- pure helpers ----------------------------------------------------------------------------------------------------


def _bare(password: Optional[str]) -> Optional[str]:
    """A stored password without its lock."""
    return password.lstrip("!") if password else password


def _is_locked(password: Optional[str]) -> bool:
    return password is None or password.startswith(("!", "*"))


def _days(text: str) -> Optional[int]:
    """Days since 1970-01-01, as shadow counts them; None for never. Raises Refused."""
    if text == "never":
        return None
    import datetime

    try:
        return (datetime.date.fromisoformat(text) - datetime.date(1970, 1, 1)).days
    except ValueError:
        raise Refused("", "`%s` is not a day" % text, "write it as 2030-12-31, or `never`") from None


def _date_of(days: Optional[int]) -> str:
    """As `_days` reads it; what lies beyond the last day that can be written is that day."""
    import datetime

    if days is None:
        return "never"
    first, last = datetime.date(1970, 1, 1), datetime.date.max
    return (first + datetime.timedelta(min(days, (last - first).days))).isoformat()


def _own_group(known: accounts.Accounts, name: str) -> Tuple[Declared, ...]:
    """The group of an account's name, which userdel may take along."""
    group = known.groups.get(name)
    return (("group", {"name": name, "gid": group.gid}),) if group else ()


def _without(home: Mapping[str, Optional[files.FileState]]) -> List[Declared]:
    """Without what a new home was made of; a directory in which something else is by then stays."""
    return [("directory" if state is not None and state.kind == files.DIRECTORY else "file",
             {"path": path, "state": "absent"}) for path, state in sorted(home.items(), reverse=True)]


def future_home(home: str, owner: str, group: str) -> Dict[str, Optional[files.FileState]]:
    """What a new home will hold: itself and copies of what /etc/skel has."""
    usual = 0o777 & ~accounts.login_number("UMASK", "022", 8)
    mode = "%04o" % (accounts.login_number("HOME_MODE", "%o" % usual, 8) & 0o7777)
    found: Dict[str, Optional[files.FileState]] = {home: files.FileState(files.DIRECTORY, mode, owner, group)}
    for folder, folders, names in os.walk(SKELETON):
        for name in (*folders, *names):
            path = os.path.join(folder, name)
            there = files.look(path)
            if there is not None and there.kind in (files.FILE, files.DIRECTORY, files.LINK):
                data = files.read(path) if there.kind == files.FILE else None
                found[home + path[len(SKELETON):]] = files.FileState(
                    there.kind, there.mode, owner, group, there.target, there.size, data)
    return found


def _is_in_directory(name: str) -> bool:
    """Whether LDAP, sssd or the like knows the name; asked only for names that the host's file does not have."""
    import pwd

    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True
