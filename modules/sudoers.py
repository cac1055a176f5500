"""sudoers: a file in /etc/sudoers.d says who may do what by sudo; it takes effect only when sudo can read it."""
from __future__ import annotations

import re
from typing import ClassVar, Optional, Sequence, Tuple

from holdfast_host import Change, Declared, Failed, Identity, Record, Refused, Resource, arg, checks, files, regular

MAIN, FOLDER, MODE = "/etc/sudoers", "/etc/sudoers.d", "0440"
SPECIAL = re.compile(r"([,:=\\])")  # what sudoers(5) wants a backslash before, in a command's arguments


def _name(name: str) -> None:
    if not re.match(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}\Z", name):
        raise Refused("", "`%s` is not a name that sudo reads in %s" % (name, FOLDER),
                      "letters, digits, _ and - only: sudo passes over names with a dot or a tilde")


def _accounts(names: Sequence[str]) -> None:
    for name in names:
        if name.startswith("%"):
            raise Refused("", "`%s` is a group as sudo writes it" % name, "write `groups: [%s]`" % name.lstrip("%"))
        checks.account(name)


def _commands(given: Sequence[str]) -> None:
    for text in given:
        checks.one_line(text)
        plain = text[1:] if text.startswith("!") else text
        tag = re.match(r"(NO)?PASSWD:\s*", text)
        if tag:
            raise Refused("", "`%s` has a tag of sudo's" % text, "write %s, and `password: %s`" % (
                text[tag.end():] or "ALL", "false" if tag.group(1) else "true"))
        if plain != "ALL" and not plain.startswith("/"):
            raise Refused("", "`%s` does not begin with the program's whole path" % text,
                          "write /usr/bin/systemctl restart app, or ALL")


class Observed(Record):
    """file: what stands in /etc/sudoers.d. is_read: whether /etc/sudoers has sudo read that folder."""

    file: regular.Observed
    is_read: bool


class Sudoers(Resource):
    """A file in /etc/sudoers.d says who may do what by sudo. It belongs to root, is 0440, and takes effect only when
    visudo has accepted it, alone and together with all other files that sudo reads.

    What is allowed is said by `users` or `groups` and `commands`, or in sudo's own words by `content`.
    """

    named: ClassVar[str] = "name"
    example: ClassVar[str] = """
        - sudoers: deploy
          users: [deploy]
          commands: [/usr/bin/systemctl restart app, /usr/bin/systemctl status app]
          password: false
        - sudoers: admins
          groups: [admins]
          commands: [ALL]
        - sudoers: log
          content: |
            Defaults logfile=/var/log/sudo.log
    """

    name: str = arg(check=_name, doc="The name of the file in /etc/sudoers.d.")
    users: Tuple[str, ...] = arg((), check=_accounts, doc="The users who may.")
    groups: Tuple[str, ...] = arg((), check=_accounts, doc="The groups whose members may.")
    commands: Tuple[str, ...] = arg((), check=_commands, doc="What they may run: a program's whole path with or "
                                    "without arguments, or ALL. With arguments, just those are allowed; `*` in them "
                                    "stands for anything.")
    run_as: Tuple[str, ...] = arg(("root",), doc="As whom they may run it; ALL is anybody.")
    password: bool = arg(True, doc="Ask them for their password.")
    content: Optional[str] = arg(None, doc="The whole file, as sudoers(5) has it, in place of all these.")
    state: str = arg("present", choices=("present", "absent"), doc="Whether the file is there.")

    def check(self) -> None:
        given = [name for name in ("users", "groups", "commands", "content") if getattr(self, name)]
        if self.state == "absent":
            if given:
                raise Refused(given[0], "is given for rules that are to be absent", "remove it, or `state: absent`")
            return
        if self.content is not None:
            if len(given) > 1 or not self.password or self.run_as != ("root",):
                raise Refused("content", "says all of it, and other arguments are given too", "remove one of the two")
            if re.search(r"(?m)^\s*[#@]include", self.content):
                raise Refused("content", "includes other files, which are not validated with it", "declare them too")
            return
        if not self.users and not self.groups:
            raise Refused("users", "is missing", "add `users:` or `groups:`, or say it in sudo's words with `content:`")
        if not self.commands:
            raise Refused("commands", "is missing", "add `commands: [/usr/bin/systemctl restart app]`, or `[ALL]`")
        for one in self.run_as:
            checks.account(one)

    def provides(self) -> Sequence[Identity]:
        return (("path", self.path()),)

    def wants(self) -> Sequence[Identity]:
        users = (*self.users, *(one for one in self.run_as if one != "ALL"))
        return (("package", "sudo"), *regular.wants(self.path()), *(("user", name) for name in users),
                *(("group", name) for name in self.groups))

    def path(self) -> str:
        """The file."""
        return "%s/%s" % (FOLDER, self.name)

    def observe(self) -> Observed:
        main = files.read(MAIN) or b""
        is_read = re.search(rb"(?m)^\s*[#@]includedir\s+\"?%s/?\"?\s*$" % FOLDER.encode(), main)
        return Observed(regular.observe(self.path(), "root", "root", follow=False, content=True), bool(is_read))

    def diff(self, observed: Observed) -> Optional[Change]:
        if self.state == "absent":
            return regular.absent(observed.file)
        if observed.file.state is None and observed.file.fresh is None:
            raise Refused("", "sudo is not installed on this host", "declare `package: sudo`")
        if not observed.is_read:
            raise Refused("", "%s does not have sudo read %s: the rules would say nothing" % (MAIN, FOLDER),
                          "add `@includedir %s` to it" % FOLDER)
        return regular.present(observed.file, self.text().encode("utf-8", "surrogateescape"), MODE)

    def undo(self, observed: Observed, change: Change) -> Optional[Sequence[Declared]]:
        return regular.undo(observed.file)

    def converge(self, change: Change) -> None:
        if self.state == "absent":
            regular.converge(change)
            return
        regular.converge(change, self.must_be_read)

    def must_be_read(self, path: str) -> None:
        """Raises Failed unless visudo accepts the new file, alone and as the last of all that sudo reads."""
        from holdfast_host import process

        process.run(["visudo", "-cf", path]).must("visudo does not accept it, nothing was written")
        others = [name for name in files.names_in(FOLDER) if name != self.name and re.match(r"[^.~]+\Z", name)]
        include = ["@include %s/%s" % (FOLDER, name) for name in others] + ["@include %s" % path]
        main = re.sub(r"(?m)^\s*[#@]includedir\s.*$", lambda _: "\n".join(include),
                      (files.read(MAIN) or b"").decode("utf-8", "surrogateescape"))
        together = process.run(["visudo", "-cf", "-"], stdin=main.encode("utf-8", "surrogateescape"))
        if together.code != 0:
            raise Failed("visudo does not accept it together with the host's other rules, nothing was written",
                         together.said())

    def text(self) -> str:
        """What stands in the file."""
        if self.content is not None:
            return self.content if self.content.endswith("\n") else self.content + "\n"
        who = [*self.users, *("%" + name for name in self.groups)]
        what = ", ".join(_spelled(command) for command in self.commands)
        return "%s ALL=(%s) %s%s\n" % (", ".join(who), ", ".join(self.run_as), "" if self.password else "NOPASSWD: ",
                                       what)


def _spelled(command: str) -> str:
    """A command as sudoers(5) writes it: in the arguments some characters have a backslash before them."""
    program, blank, arguments = command.partition(" ")
    return program + blank + SPECIAL.sub(r"\\\1", arguments)
