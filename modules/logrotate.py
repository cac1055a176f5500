"""logrotate: how log files are rotated."""
from __future__ import annotations

import re
from typing import ClassVar, List, Optional, Sequence, Tuple

from holdfast_host import Change, Declared, Failed, Identity, Refused, Resource, arg, process, regular

FOLDER = "/etc/logrotate.d"
EVERY = ("hourly", "daily", "weekly", "monthly", "yearly")


def _paths(given: Sequence[str]) -> None:
    for path in given:
        if not path.startswith("/") or re.search(r"[\r\n\"{}]", path):
            raise Refused("", "`%s` is not the path of log files" % path, "as /var/log/app/*.log")


def _options(given: Sequence[str]) -> None:
    for one in given:
        if not re.match(r"[a-z]+(?: [^\r\n{}]*)?\Z", one) or one in ("endscript", "postrotate", "prerotate"):
            raise Refused("", "`%s` is not an option of logrotate" % one, "as `copytruncate`, or use `content`")
        word, _, rest = one.partition(" ")
        if word in EVERY:
            raise Refused("", "`%s` is said by `every`" % word, "write `every: %s`, and leave it out here" % word)
        if word == "rotate":
            raise Refused("", "`%s` is said by `keep`" % one, "write `keep: %s`, and leave it out here" % (rest or 4))
        if word in ("size", "minsize", "maxsize") and not re.match(r"\d+[kMG]?\Z", rest):
            raise Refused("", "`%s` is not a size" % one, "write a number with k, M or G: %s 100M" % word)


class Logrotate(Resource):
    """How log files are rotated: a file in /etc/logrotate.d, which takes effect only when logrotate can read it.

    What is done is said by `paths` and what follows, or in logrotate's own words by `content`.
    """

    named: ClassVar[str] = "name"
    example: ClassVar[str] = """
        - logrotate: app
          paths: [/var/log/app/*.log]
          every: daily
          keep: 14
          options: [missingok, notifempty, delaycompress, create 0640 app adm]
          after: systemctl kill -s HUP app.service
    """

    name: str = arg(doc="The name of the file in /etc/logrotate.d.")
    paths: Tuple[str, ...] = arg((), check=_paths, doc="The log files; * in them stands for anything.")
    every: str = arg("weekly", choices=EVERY, doc="How often.")
    keep: int = arg(4, doc="How many old ones are kept.")
    compress: bool = arg(True, doc="Compress the old ones.")
    options: Tuple[str, ...] = arg((), check=_options, doc="Further options of logrotate(8), a line each: missingok, "
                                   "notifempty, maxsize 100M.")
    after: Optional[str] = arg(None, literal=True, doc="What a shell runs when files were rotated, once for all.")
    content: Optional[str] = arg(None, doc="The whole file, as logrotate(8) has it, in place of all these.")
    state: str = arg("present", choices=("present", "absent"), doc="Whether the file is there.")

    def check(self) -> None:
        if not re.match(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}\Z", self.name):
            raise Refused("name", "`%s` is not a name that logrotate reads" % self.name,
                          "letters, digits, _ and - only: it passes over many names with a dot")
        given = [name for name in ("paths", "options", "after", "content") if getattr(self, name)]
        if self.state == "absent":
            if given:
                raise Refused(given[0], "is given for what is to be absent", "remove it, or `state: absent`")
            return
        if not self.paths and self.content is None:
            raise Refused("paths", "is missing", "add `paths: [/var/log/app/*.log]`")
        if self.content is not None and len(given) > 1:
            raise Refused("content", "says all of it, and `%s` is given too" % given[0], "remove one of the two")
        if self.keep < 0:
            raise Refused("keep", "is a number of files, not %d" % self.keep,
                          "write how many old files stay; 0 for none")
        if self.after is not None and re.search(r"(?m)^\s*endscript\s*$", self.after):
            raise Refused("after", "holds logrotate's own mark `endscript`", "leave it out")

    def provides(self) -> Sequence[Identity]:
        return (("path", self.path()),)

    def wants(self) -> Sequence[Identity]:
        return (("package", "logrotate"), *regular.wants(self.path()))

    def path(self) -> str:
        """The file."""
        return "%s/%s" % (FOLDER, self.name)

    def observe(self) -> regular.Observed:
        return regular.observe(self.path(), "root", "root", follow=False, content=True)

    def diff(self, observed: regular.Observed) -> Optional[Change]:
        if self.state == "absent":
            return regular.absent(observed)
        if process.which("logrotate") is None:  # other packages bring the folder as well
            raise Refused("", "logrotate is not installed on this host", "declare `package: logrotate`")
        return regular.present(observed, self.text().encode("utf-8", "surrogateescape"), "0644")

    def undo(self, observed: regular.Observed, change: Change) -> Optional[Sequence[Declared]]:
        return regular.undo(observed)

    def converge(self, change: Change) -> None:
        regular.converge(change, must_be_read if self.state == "present" else None)

    def text(self) -> str:
        """What stands in the file."""
        if self.content is not None:
            return self.content if self.content.endswith("\n") else self.content + "\n"
        lines: List[str] = [self.every, "rotate %d" % self.keep, "compress" if self.compress else "nocompress",
                            *self.options]
        if self.after is not None:
            lines += ["sharedscripts", "postrotate", *("    " + line for line in self.after.splitlines()), "endscript"]
        return "%s {\n%s}\n" % (" ".join('"%s"' % path for path in self.paths),
                                "".join("    %s\n" % line for line in lines))


def must_be_read(path: str) -> None:
    """Raises Failed unless logrotate can do what the file says. Nothing is rotated."""
    done = process.run(["logrotate", "-d", "-s", "/dev/null", path])
    wrong = [row for row in done.stderr.splitlines() if row.startswith("error:")]
    if done.code != 0 or wrong:
        raise Failed("logrotate does not accept it, nothing was written", "\n".join(wrong) or done.said())
