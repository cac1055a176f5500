"""block: several lines of text stand in a file, between two marks, or do not."""
from __future__ import annotations

from typing import ClassVar, Optional, Sequence, Tuple

from holdfast_host import ALLOWED, Identity, Refused, Resource, arg, checks, texts


class Block(texts.EditedAt, Resource):  # the second is what types are found by
    """Several lines of text stand in a file between two marks that hold the block's name. The rest of the file is left
    as it is, and so are line ends and bytes that are not UTF-8. A link is followed."""

    named: ClassVar[str] = "name"
    example: ClassVar[str] = """
        - block: hosts of the lab
          path: /etc/hosts
          content: |
            10.0.0.5 db1.example.org db1
            10.0.0.6 db2.example.org db2
    """

    name: str = arg(doc="What finds the block again; it stands in the marks.", check=checks.one_line)
    content: Optional[str] = arg(None, secret=ALLOWED, doc="The lines between the marks.")
    state: str = arg("present", choices=("present", "absent"), doc="Whether the block is there.")
    comment: str = arg("# {mark}", check=checks.one_line, doc="How a comment is written in this kind of file, with "
                       "`{mark}` in it: `// {mark}`, `<!-- {mark} -->`.")
    after: Optional[str] = arg(None, check=checks.regex, doc="Where a new block goes: behind the last line that this "
                               "regular expression finds, or at the END.")
    before: Optional[str] = arg(None, check=checks.regex, doc="Where a new block goes: ahead of the first line that "
                                "this regular expression finds, or at the TOP.")

    def check(self) -> None:
        if not self.name.strip():
            raise Refused("name", "is empty", "say what the block is for")
        if self.comment.count("{mark}") != 1:
            raise Refused("comment", "does not hold {mark} once", 'write it as a comment: "# {mark}"')
        if self.state == "present" and not self.content:
            raise Refused("content", "is missing", "add `content:`, the lines; `state: absent` removes a block")
        if self.state == "absent" and self.content is not None:
            raise Refused("content", "is given for a block that is to be absent", "remove it")
        texts.both_places(self.after, self.before, self.state == "absent")
        inside = set((self.content or "").splitlines()) & set(self.marks())
        if inside:
            raise Refused("content", "holds the block's own mark `%s`" % min(inside), "leave the marks to Holdfast")

    def provides(self) -> Sequence[Identity]:
        return (("block", "%s: %s" % (self.path, self.name)),)

    def marks(self) -> Tuple[str, str]:
        """The lines around the block."""
        return (self.comment.replace("{mark}", "begin holdfast: " + self.name),
                self.comment.replace("{mark}", "end holdfast: " + self.name))

    def edited(self, now: str) -> str:
        """The whole file as it should be. Raises Refused when of the two marks only one is there, or they are doubled:
        nobody but a person knows what stands between them then."""
        rows = texts.rows_of(now)
        begin, end = self.marks()
        begins, ends = ([i for i, row in enumerate(rows) if texts.body(row) == mark] for mark in (begin, end))
        if len(begins) != len(ends) or len(begins) > 1 or (begins and begins[0] > ends[0]):
            raise Refused("path", "the marks of this block do not stand once around it in %s" % self.path,
                          "look for `%s` there, and remove what is left of the block" % begin)
        at = texts.place(rows, self.after, self.before)
        if begins:
            at = begins[0]
            del rows[at:ends[0] + 1]
        if self.state == "present":
            texts.put(rows, at, [begin, *(self.content or "").splitlines(), end])
        return "".join(rows)
