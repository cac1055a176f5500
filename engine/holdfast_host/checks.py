"""Checks of single arguments, for `arg(check=…)`. Each raises Refused without a name; the argument adds its own."""
from __future__ import annotations

import re
import warnings

from .errors import Refused

UNIT_KINDS = ("service", "socket", "timer", "path", "mount", "automount", "swap", "target", "slice", "scope", "device")
PATTERN = re.compile(r"[\w/.-]\*|\{[^{} ]*,[^{} ]*\}")  # as a shell has it: `*.conf`, `web*`, `{a,b}`; ` *` is a name
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
# one clause of a mode in letters: who, then signs with letters or with the class that is copied
MODE_CLAUSE = re.compile(r"([ugoa]*)((?:[-+=](?:[ugo]|[rwxXst]*))+)\Z")


def absolute(path: str) -> None:
    """An absolute path without `..`, double slashes, a slash at the end, patterns, control characters, outer blanks."""
    plain = path.strip()
    if plain != path:
        raise Refused("", "`%s` has blanks or line ends around it" % path, "write %s" % plain if plain else "")
    if not path.startswith("/"):
        raise Refused("", "`%s` is not an absolute path" % path, _absolute_mend(path))
    if PATTERN.search(path):
        raise Refused("", "`%s` is a pattern, and is not read as one" % path,
                      "write one path each, perhaps with `loop: [a.conf, b.conf]`")
    odd = CONTROL.search(path)
    if odd:
        raise Refused("", "holds the control character U+%04X" % ord(odd.group()), "name a path without it")
    if path != "/" and (path.endswith("/") or "//" in path or "/./" in path or path.endswith("/.")):
        raise Refused("", "`%s` is not in its shortest form" % path, "write %s" % _shortest(path))
    if "/../" in path + "/":
        raise Refused("", "`%s` holds .." % path, "write the path it means")


def _absolute_mend(path: str) -> str:
    if path.startswith(("~", "$")):
        return "write the home directory out: no shell reads this"
    if re.match(r"[A-Za-z]:[\\/]|\\\\", path):
        return "that is a path of Windows; write the host's, as in /etc/app.conf"
    if "://" in path:
        return "that is an address: name the path on the host here, and give the address in an argument of its own"
    return "begin it with /"


def _shortest(path: str) -> str:
    return "/" + "/".join(part for part in path.split("/") if part not in ("", "."))


def not_of_the_kernel(path: str) -> None:
    """Raises Refused for a path below which the kernel makes the files: none can take another's place there."""
    if path.startswith(("/proc/", "/sys/")):
        raise Refused("path", "`%s` is made by the kernel: no file can be put there" % path, "a `sysctl` sets what is "
                      "below /proc/sys; `tmpfiles` writes at boot: w %s - - - - VALUE" % path)


def one_line(text: str) -> None:
    """Text without a line end."""
    if "\n" in text or "\r" in text:
        raise Refused("", "holds more than one line", "one line only; `template` or `file` write whole files")


def not_empty(text: str) -> None:
    """Text with at least one character."""
    if not text:
        raise Refused("", "is empty", "")


def regex(pattern: str) -> None:
    """A regular expression as Python's `re` understands it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)  # `[[:alpha:]]` is read, but as a set of `[`, `:`, `a` …
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError, FutureWarning) as error:
        raise Refused("", "is not a regular expression: %s" % error, _regex_mend(pattern)) from None
    if re.match(r"/\^.*/[a-z]*\Z|/.*\$/[a-z]*\Z", pattern):
        raise Refused("", "`%s` is written between slashes, which would have to be found too" % pattern,
                      "write the pattern alone; (?i) at its start for the i behind it")


def _regex_mend(pattern: str) -> str:
    for name, short in (("space", r"\s"), ("digit", r"\d"), ("alnum", "[A-Za-z0-9]"), ("alpha", "[A-Za-z]"),
                        ("upper", "[A-Z]"), ("lower", "[a-z]"), ("blank", r"[ \t]"), ("word", r"\w")):
        if "[:%s:]" % name in pattern:
            return "Python writes %s for [[:%s:]]" % (short, name)
    return "escape special characters with \\"


def mode(text: str) -> None:
    """Permissions as four octal digits: "0644"."""
    if re.match(r"[0-7]{4}\Z", text):
        return
    if re.match(r"[0-9]{1,4}\Z", text):
        raise Refused("", "`%s` is not a mode" % text, _octal_mend(text))
    raise Refused("", "`%s` is not a mode" % text, 'write four octal digits in quotes: "0644"')


def permissions(text: str) -> None:
    """Four octal digits, or letters as chmod takes them: "0644", "u=rw,g=r,o="."""
    if not text or not all(MODE_CLAUSE.match(clause) for clause in text.split(",")):
        try:
            mode(text)
        except Refused as refused:
            raise Refused("", refused.what, refused.mend + ', or letters: "u=rw,go=r"') from None


def _octal_mend(text: str) -> str:
    """0644 without quotes reaches us as the number 420: names the reading that makes sense, or both."""
    as_octal = text.rjust(4, "0") if re.match(r"[0-7]+\Z", text) else ""
    as_number = "%04o" % int(text) if int(text) <= 0o7777 else ""
    readings = [reading for reading in (as_octal, as_number) if reading]
    likely = [reading for reading in readings if _is_likely(reading)] or readings or ["0644"]
    return "put it in quotes: %s" % " or ".join('"%s"' % reading for reading in likely)


def _is_likely(octal: str) -> bool:
    """The owner may read it, and nobody has more than those before him."""
    user, group, other = (int(digit) for digit in octal[1:])
    return user >= 4 and user | group == user and group | other == group


def account(name: str) -> None:
    """A name of a user or group as Debian's and Red Hat's tools take it."""
    if not re.match(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}\$?\Z", name):
        raise Refused("", "`%s` is not an account's name" % name, _account_mend(name))


def _account_mend(name: str) -> str:
    parts = re.split("[:.]", name) if ":" in name else []
    if len(parts) == 2 and all(parts):
        return "user and group are two arguments: `owner: %s` and `group: %s`" % (parts[0], parts[1])
    if name.isdecimal():
        return "write its name here, and the number as `uid` (of a group `gid`)"
    return "letters, digits, _ . -, at most 32"


def unit_word(name: str) -> None:
    """A systemd unit's name, with or without its suffix."""
    if not re.match(r"[A-Za-z0-9:_.\\@-]{1,255}\Z", name):
        raise Refused("", "`%s` is not a unit's name" % name, "as systemctl list-units prints it")
    stem, dot, ending = name.rpartition(".")
    if dot and stem and ending not in UNIT_KINDS:
        import difflib  # only when something may be wrong

        near = difflib.get_close_matches(ending, UNIT_KINDS, 1, 0.8)
        if near:
            raise Refused("", "`%s` is not a unit's name" % name, "did you mean `%s.%s`?" % (stem, near[0]))


def package(name: str) -> None:
    """A package's name, perhaps with an architecture: `libc6:amd64`. Each package manager then says what is a name to
    it; what all take for something else is refused here."""
    if not re.match(r"[A-Za-z0-9][A-Za-z0-9._+-]+(:[A-Za-z0-9_-]+)?\Z", name):
        raise Refused("", "`%s` is not a package's name" % name,
                      "packages come from repositories: `package_repository` adds one" if "://" in name or "/" in name
                      else "letters, digits and . _ + -; a version goes in `version`")


def command_on_file(text: str) -> None:
    """A command line, split as a shell does but not run by one, that names the file as `%s` once."""
    import shlex

    try:
        words = shlex.split(text)
    except ValueError as error:
        raise Refused("", "is not a command line: %s" % error, "close the quotes") from None
    if sum(word.count("%s") for word in words) != 1:
        raise Refused("", "`%s` does not name the file once" % text,
                      "write %s where the file's path goes: visudo -cf %s")
    shells = for_shell(text, words)
    if shells:
        raise Refused("", "holds `%s`, which only a shell understands" % shells, "write sh -c '…' around it")


OPERATORS = frozenset({"|", "||", "&&", ";", "&", ">", ">>", "<", "<<", "2>", "2>&1"})
_QUOTED = re.compile(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"|\\.", re.DOTALL)
_EXPANDED = re.compile(r"\$[A-Za-z_]\w*|\$\{\w+\}|\$\(|`|(?<!\S)~/|(?<!\S)/[^\s*?=]*\*")


def for_shell(text: str, words: "list[str]") -> str:
    """What only a shell understands in a command line that none will run, and what its words are; "": nothing. What
    stands in quotes is meant as it is."""
    found = OPERATORS & set(words)
    if found:
        return min(found)
    bare = _EXPANDED.search(_QUOTED.sub(lambda quoted: "x" * len(quoted.group()), text))
    if bare is not None:
        return text[bare.start():].split(maxsplit=1)[0]
    return words[0] if words and re.match(r"[A-Za-z_]\w*=", words[0]) else ""


def owner(name: str) -> None:
    """A user or group by name or number."""
    if not name.isdecimal():
        account(name)


def seconds(number: float) -> None:
    """A number of seconds that somebody may wait: above 0 and up to a day."""
    if not 0 < number <= 86400:
        raise Refused("", "is a number of seconds above 0 and up to 86400, not %g" % number,
                      "write a number in that range")


def address(text: str) -> None:
    """Where something can be reached: a host's name or an IP address, alone."""
    import ipaddress

    plain = text.strip("[]").partition("%")[0]
    if re.match(r"[0-9.]+\Z", plain) or ":" in plain:
        try:
            ipaddress.ip_address(plain)
        except ValueError:
            raise Refused("", "`%s` is not a host's name or address" % text, _address_mend(text)) from None
    elif not re.match(r"[A-Za-z0-9_.-]{1,253}\Z", plain):
        raise Refused("", "`%s` is not a host's name or address" % text, _address_mend(text))


def _address_mend(text: str) -> str:
    if re.match(r"[^:/]+:\d+\Z", text):
        return "write the name alone, and the number as `port`"
    return "write the name alone, without scheme and path" if "/" in text else "as db1.example.org or 10.0.0.5"


def host_name(name: str) -> None:
    """A host's name as RFC 1123 has it, with or without its domain."""
    parts = name.split(".")
    if len(name) > 253 or not all(re.match(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)\Z", part) for part in parts):
        raise Refused("", "`%s` is not a host's name" % name, "letters, digits and -, parts divided by dots")
