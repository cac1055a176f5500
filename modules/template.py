"""template: a file whose content is a Jinja2 template of the controller, filled in for this host."""
from __future__ import annotations

from typing import ClassVar, Optional, Sequence, Union

from holdfast_host import ALLOWED, Blob, Change, Declared, Identity, Refused, Resource, arg, checks, regular
from holdfast_host.files import FILE


class Template(Resource):
    """A file whose content is a template, filled in with the host's variables before anything is sent to it.

    What is not declared stays as it is. It is written as `file` writes: all of it at one moment, or nothing.
    """

    named: ClassVar[str] = "path"
    example: ClassVar[str] = """
        - template: /etc/nginx/sites-enabled/example.org.conf
          source: site.conf.j2
          owner: root
          group: root
          mode: "0644"
    """

    path: str = arg(doc="The file that is written.", check=checks.absolute)
    source: Blob = arg(controller="template", secret=ALLOWED, doc="The Jinja2 template on the controller; a relative "
                       "path starts at the document's folder. Secrets may be filled in.")
    owner: Optional[str] = arg(None, check=checks.owner, doc="The user it belongs to, by name or number. A new file "
                               "is the user's who applies.")
    group: Optional[str] = arg(None, check=checks.owner, doc="The group it belongs to, by name or number.")
    mode: Optional[str] = arg(None, check=checks.permissions, doc='Permissions: four octal digits in quotes ("0640") '
                              'or letters as chmod takes them ("u=rw,g=r,o="). A new file is 0644.')
    replace: bool = arg(True, doc="Write the content into a file that is there already; false: only into a new one.")
    validate: Optional[str] = arg(None, check=checks.command_on_file, doc="A command that must accept the new content "
                                  "before it takes effect; %s is its path. It is not run by a shell.")
    backup: bool = arg(False, doc="Keep the content that is replaced, under the file's name with a piece of the "
                       "content's hash and a tilde: motd.3f2a9c1b~.")
    follow: bool = arg(False, doc="If the path is a link, write the file that it leads to. Without this a link is "
                       "refused.")
    force: bool = arg(False, doc="Put the file in the place of a link or of an empty directory.")

    def check(self) -> None:
        if self.follow and self.force:
            raise Refused("force", "and `follow` are both given", "a link is either followed or replaced; remove one")
        if self.path == "/":
            raise Refused("path", "/ is not a file", "name the file")
        checks.not_of_the_kernel(self.path)

    def provides(self) -> Sequence[Identity]:
        return (("path", self.path),)

    def wants(self) -> Sequence[Identity]:
        return regular.wants(self.path, self.owner, self.group)

    def whole(self) -> Union[str, Blob, None]:
        return self.source if self.replace else None

    def observe(self) -> regular.Observed:
        return regular.observe(self.path, self.owner, self.group, follow=self.follow, content=True)

    def diff(self, observed: regular.Observed) -> Optional[Change]:
        is_kept = not self.replace and observed.state is not None and observed.state.kind == FILE
        return regular.present(observed, None if is_kept else self.source, self.mode, force=self.force,
                               backup=self.backup)

    def undo(self, observed: regular.Observed, change: Change) -> Optional[Sequence[Declared]]:
        return regular.undo(observed)

    def converge(self, change: Change) -> None:
        regular.converge(change, self.validate)
