"""The first thing that runs on a bare host: started as `python3 -c`, with this text packed into one line.

It looks whether the runner of the wanted version is in the state folder, and runs it; else it asks the controller for
`install.py` and the archive, in that order, each with its length before it. What it says stands on a line of its own,
with the nonce it was given, so that nothing a login shell prints can be taken for it:

    HOLDFAST READY <nonce>      the next byte belongs to the protocol
    HOLDFAST NEED <nonce>       send the installer and the archive
    HOLDFAST FAILED <nonce> …   it cannot be; the rest of the line says why

Kept small, as it is in every process list; nothing secret is in it. Parses under any Python 3, to be able to say no.
"""
import os
import sys

TOO_OLD = 93  # exit code: another interpreter may do


def boot(nonce: str, sha256: str, state: str) -> None:
    if sys.version_info < (3, 8):
        sys.exit(TOO_OLD)

    def say(word: str, text: str = "") -> None:
        os.write(1, ("HOLDFAST %s %s %s\n" % (word, nonce, text)).encode("utf-8", "replace"))

    def read() -> bytes:
        data, size = b"", 8
        while len(data) < size:
            part = os.read(0, size - len(data))
            if not part:
                sys.exit(1)  # the controller went away
            data += part
            if size == 8 and len(data) == 8:
                size += int(data, 16)
        return data[8:]

    try:
        user = os.geteuid()
        usual = "~/.local/state/holdfast" if user else "/var/lib/holdfast"
        state = os.path.realpath(state or os.path.expanduser(usual))
        home = state + "/runner/" + sha256
        try:
            for path in (state, state + "/runner", home):
                found = os.lstat(path)
                if found.st_uid != user or found.st_mode & 0o170022 != 0o040000:
                    say("FAILED", "%s is not a folder that only this user can write to" % path)
                    sys.exit(1)
            os.utime(home + "/complete")
        except FileNotFoundError:
            say("NEED")
            scope = {"read": read, "state": state, "sha256": sha256}
            exec(read() + b"\ninstall(state, sha256, read)\n", scope)  # noqa: S102  # over the same channel as all else
    except OSError as error:
        say("FAILED", "%s: %s" % (error.filename or state, error.strerror or error))
        sys.exit(1)
    except ValueError as error:
        say("FAILED", str(error))
        sys.exit(1)
    sys.path.insert(0, home)
    sys.argv = ["holdfast"]
    say("READY")
    from holdfast_host.__main__ import main

    main(state)


if __name__ == "__main__":
    boot(*sys.argv[1:4])
