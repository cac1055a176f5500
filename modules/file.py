"""file: a regular file with this content, owner, group and mode, or none."""
from __future__ import annotations

from typing import ClassVar, Optional, Sequence, Union

from holdfast_host import ALLOWED, Blob, Change, Declared, Identity, Refused, Resource, arg, checks, regular
from holdfast_host.files import FILE


class File(Resource):
    """A regular file: its content, owner, group and mode. What is not declared stays as it is.

    Content comes from `content` or from `source`; with neither, a missing file is made empty and the content of one
    that is there is left alone. A change is written beside the file and put in its place at one moment, with the
    extended attributes (SELinux context, ACLs) of the old one; a second hard link to it keeps the old content.
    """

    named: ClassVar[str] = "path"
    example: ClassVar[str] = """
        - file: /etc/sudoers.d/deploy
          content: |
            deploy ALL=(root) NOPASSWD: /usr/bin/systemctl restart app
          owner: root
          group: root
          mode: "0440"
          validate: visudo -cf %s
        - file: /srv/app/logo.png
          source: files/logo.png
        - file: /etc/motd.old
          state: absent
    """

    path: str = arg(doc="The file.", check=checks.absolute)
    content: Optional[str] = arg(None, doc="The whole content as text.", secret=ALLOWED)
    source: Optional[Blob] = arg(None, controller="file", doc="A file on the controller with the whole content, of "
                                 "any kind; a relative path starts at the document's folder.")
    owner: Optional[str] = arg(None, check=checks.owner, doc="The user it belongs to, by name or number. A new file "
                               "is the user's who applies.")
    group: Optional[str] = arg(None, check=checks.owner, doc="The group it belongs to, by name or number.")
    mode: Optional[str] = arg(None, check=checks.permissions, doc='Permissions: four octal digits in quotes ("0640") '
                              'or letters as chmod takes them ("u=rw,g=r,o="). A new file is 0644.')
    state: str = arg("present", choices=("present", "absent"), doc="Whether the file is there. `absent` removes a "
                     "link too, never a directory.")
    replace: bool = arg(True, doc="Write the content into a file that is there already; false: only into a new one.")
    validate: Optional[str] = arg(None, check=checks.command_on_file, doc="A command that must accept the new content "
                                  "before it takes effect; %s is its path. It is not run by a shell.")
    backup: bool = arg(False, doc="Keep the content that is replaced, under the file's name with a piece of the "
                       "content's hash and a tilde: motd.3f2a9c1b~.")
    follow: bool = arg(False, doc="If the path is a link, write the file that it leads to. Without this a link is "
                       "refused.")
    force: bool = arg(False, doc="Put the file in the place of a link or of an empty directory.")

    def check(self) -> None:
        if self.content is not None and self.source is not None:
            raise Refused("source", "and `content` are both given", "remove one of them")
        if self.follow and self.force:
            raise Refused("force", "and `follow` are both given", "a link is either followed or replaced; remove one")
        if self.path == "/":
            raise Refused("path", "/ is not a file", "name the file")
        if self.content is not None or self.source is not None:
            checks.not_of_the_kernel(self.path)
        useless = [name for name in ("content", "source") if getattr(self, name) is not None]
        if self.state == "absent" and useless:
            raise Refused(useless[0], "is given for a file that is to be absent", "remove it, or `state: absent`")

    def provides(self) -> Sequence[Identity]:
        return (("path", self.path),)

    def wants(self) -> Sequence[Identity]:
        return regular.wants(self.path, self.owner, self.group)

    def whole(self) -> Union[str, Blob, None]:
        return (self.content if self.content is not None else self.source) if self.replace else None

    def observe(self) -> regular.Observed:
        has_content = self.state == "absent" or (self.content is not None or self.source is not None)
        return regular.observe(self.path, self.owner, self.group, follow=self.follow and self.state == "present",
                               content=has_content)

    def diff(self, observed: regular.Observed) -> Optional[Change]:
        if self.state == "absent":
            return regular.absent(observed)
        content = self.source if self.content is None else self.content.encode("utf-8", "surrogateescape")
        is_kept = not self.replace and observed.state is not None and observed.state.kind == FILE
        return regular.present(observed, None if is_kept else content, self.mode, force=self.force, backup=self.backup)

    def undo(self, observed: regular.Observed, change: Change) -> Optional[Sequence[Declared]]:
        return regular.undo(observed)

    def converge(self, change: Change) -> None:
        regular.converge(change, self.validate)
