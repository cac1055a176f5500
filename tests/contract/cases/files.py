"""Files, directories, links, templates, lines: what a user declares, and what happens to it."""
from __future__ import annotations

from tests.contract.case import Case, Witness


def _file(witness: Witness, path: str, content: str, mode: int, owner: str = "root", group: str = "root") -> bool:
    file = witness.file(path)
    return bool(file.is_file and file.content_string == content and file.mode == mode
                and (file.user, file.group) == (owner, group))


FILES = (
    Case("file with content",
         """
         - file: /srv/contract.txt
           content: |
             first
             second
           mode: "0640"
           owner: root
           group: adm
         """,
         lambda w: _file(w, "/srv/contract.txt", "first\nsecond\n", 0o640, "root", "adm"),
         """
         - file: /srv/contract.txt
           state: absent
         """,
         ("echo third >> /srv/contract.txt", "chmod 666 /srv/contract.txt", "chown 1:1 /srv/contract.txt",
          "rm /srv/contract.txt", "truncate -s 0 /srv/contract.txt")),
    Case("file from the controller",
         """
         - file: /srv/copied.bin
           source: copied.bin
         """,
         lambda w: _file(w, "/srv/copied.bin", "from the controller, ünïcode\n", 0o644),
         """
         - file: /srv/copied.bin
           state: absent
         """,
         ("printf '\\377' > /srv/copied.bin",),
         contents=(("copied.bin", "from the controller, ünïcode\n"),)),
    Case("directory",
         """
         - directory: /srv/tree
           mode: "0750"
           owner: daemon
           group: daemon
         - directory: /srv/tree/below/deeper
         """,
         lambda w: bool(w.file("/srv/tree").is_directory and w.file("/srv/tree").mode == 0o750
                        and w.file("/srv/tree").user == "daemon" and w.file("/srv/tree/below/deeper").is_directory),
         """
         - directory: /srv/tree
           state: absent
           force: true
         """,
         ("chmod 700 /srv/tree", "chown root /srv/tree", "rm -rf /srv/tree", "rmdir /srv/tree/below/deeper")),
    Case("link",
         """
         - link: /srv/pointer
           to: /etc/hostname
         """,
         lambda w: bool(w.file("/srv/pointer").is_symlink and w.file("/srv/pointer").linked_to == "/etc/hostname"),
         """
         - link: /srv/pointer
           state: absent
         """,
         ("ln -sfn /etc/hosts /srv/pointer", "rm /srv/pointer")),
    Case("template",
         """
         - template: /srv/made.conf
           source: made.conf.j2
           mode: "0600"
         """,
         lambda w: _file(w, "/srv/made.conf", "host=h1\n  - 1\n  - 2\n", 0o600),
         """
         - file: /srv/made.conf
           state: absent
         """,
         ("sed -i s/h1/h9/ /srv/made.conf", "chmod 644 /srv/made.conf", "rm /srv/made.conf"),
         contents=(("made.conf.j2",
                    "host={{ inventory_hostname }}\n{% for n in [1, 2] %}\n  - {{ n }}\n{% endfor %}\n"),)),
    Case("line",
         """
         - line: no root login
           path: /srv/line.conf
           match: ^#?PermitRootLogin\\b
           text: PermitRootLogin no
         - line: another
           path: /srv/line.conf
           text: UseDNS no
         """,
         lambda w: bool(w.file("/srv/line.conf").content_string == "# head\nPermitRootLogin no\nlast\nUseDNS no\n"),
         """
         - line: no root login
           path: /srv/line.conf
           match: ^PermitRootLogin\\b
           text: PermitRootLogin no
           state: absent
         - line: another
           path: /srv/line.conf
           text: UseDNS no
           state: absent
         """,
         ("sed -i 's/PermitRootLogin no/PermitRootLogin yes/' /srv/line.conf",),
         before="printf '# head\\n#PermitRootLogin yes\\nlast' > /srv/line.conf"),
)

OPTIONS = (
    Case("file: validate, backup, follow, force, replace, numbers and letters",
         """
         - file: /srv/opt/valid.json
           content: '{"a": 1}'
           validate: python3 -m json.tool %s
           backup: true
           owner: "1"
           group: "1"
           mode: u=rw,g=r,o=
         - file: /srv/opt/followed
           content: through the link
           follow: true
         - file: /srv/opt/forced
           content: in the place of a link
           force: true
         - file: /srv/opt/seed
           content: only once
           replace: false
         - file: /srv/opt/only mode of it
           mode: "0600"
         """,
         lambda w: bool(_file(w, "/srv/opt/valid.json", '{"a": 1}', 0o640, "daemon", "daemon")
                        and w.file("/srv/opt/followed").is_symlink
                        and w.file("/srv/opt/real").content_string == "through the link"
                        and not w.file("/srv/opt/forced").is_symlink
                        and w.file("/srv/opt/forced").content_string == "in the place of a link"
                        and w.file("/srv/opt/seed").content_string == "only once"
                        and w.file("/srv/opt/only mode of it").mode == 0o600
                        and w.file("/etc/hostname").content_string == "h1\n"),
         """
         - file: [/srv/opt/valid.json, /srv/opt/followed, /srv/opt/forced, /srv/opt/seed, /srv/opt/only mode of it]
           state: absent
         """,
         ("echo '{}' > /srv/opt/valid.json", "chmod o+r /srv/opt/valid.json", "chgrp root /srv/opt/valid.json",
          "echo x >> /srv/opt/real", "ln -sf /etc/hostname /srv/opt/forced", "rm /srv/opt/seed",
          "mkdir /srv/opt/forced.d && rm /srv/opt/forced && mv /srv/opt/forced.d /srv/opt/forced"),
         before="rm -rf /srv/opt && mkdir /srv/opt && cd /srv/opt && echo old > real && ln -s real followed"
                " && ln -s /etc/hostname forced && printf '[1]' > valid.json"),
    Case("file: large, binary, with names as people give them",
         """
         - file: "/srv/odd/ünï cödé 'quoted' $HOME ?[a]"
           content: "here"
         - file: /srv/odd/-rf
           source: binary
         - file: /srv/odd/large
           source: large
         """,
         lambda w: bool(w.file("/srv/odd/large").exists and w.file("/srv/odd/-rf").content == bytes(range(256))
                        and w.file("/srv/odd/ünï cödé 'quoted' $HOME ?[a]").content_string == "here"
                        and w.file("/srv/odd/large").size == 3_000_000),
         """
         - directory: /srv/odd
           state: absent
           force: true
         """,
         ("printf x > /srv/odd/-rf", "printf x >> /srv/odd/large", "printf x | dd of=/srv/odd/large conv=notrunc"),
         before="mkdir -p /srv/odd",
         contents=(("binary", bytes(range(256))), ("large", b"0123456789" * 300_000))),
    Case("directory: recurse, file_mode, force, follow, parents",
         """
         - directory: /srv/deep/shared
           owner: daemon
           group: "1"
           mode: "2750"
           recurse: true
           file_mode: u=rw,g=r,o=
         - directory: /srv/deep/was-a-file
           force: true
           parents: false
         - directory: /srv/deep/followed
           follow: true
           mode: u=rwx,go=
         """,
         lambda w: bool(w.file("/srv/deep/shared/sub").exists and w.file("/srv/deep/shared/sub").mode == 0o2750
                        and w.file("/srv/deep/shared/sub").user == "daemon"
                        and w.file("/srv/deep/shared/sub/f").mode == 0o640
                        and w.file("/srv/deep/was-a-file").is_directory
                        and w.file("/srv/deep/shared/sub/away").linked_to == "/etc/hostname"
                        and w.file("/etc/hostname").user == "root"
                        and w.file("/srv/deep/followed").is_symlink and w.file("/srv/deep/real").mode == 0o700),
         """
         - directory: /srv/deep/shared
           state: absent
           force: true
         - directory: /srv/deep/was-a-file
           state: absent
         - link: /srv/deep/followed
           state: absent
         """,
         ("touch /srv/deep/shared/new", "chmod 777 /srv/deep/shared/sub/f", "chown root /srv/deep/shared/sub",
          "rmdir /srv/deep/was-a-file && echo > /srv/deep/was-a-file", "chmod 755 /srv/deep/real"),
         before="rm -rf /srv/deep && mkdir -p /srv/deep/shared/sub /srv/deep/real && cd /srv/deep && touch was-a-file"
                " shared/sub/f && ln -s real followed && ln -s /etc/hostname shared/sub/away"),
    Case("link: relative, in the place of a file",
         """
         - link: /srv/links/current
           to: releases/2
           owner: daemon
           group: "1"
         - link: /srv/links/forced
           to: /nowhere
           force: true
         """,
         lambda w: bool(w.check_output("stat -c '%U %G %N' /srv/links/current")
                        == "daemon daemon '/srv/links/current' -> 'releases/2'"
                        and w.check_output("readlink /srv/links/forced") == "/nowhere")
         if w.file("/srv/links/forced").is_symlink else False,
         """
         - link: [/srv/links/current, /srv/links/forced]
           state: absent
         """,
         ("ln -sfn releases/1 /srv/links/current", "chown -h root /srv/links/current",
          "rm /srv/links/forced && echo file > /srv/links/forced",
          "rm /srv/links/forced && mkdir /srv/links/forced"),
         before="rm -rf /srv/links && mkdir /srv/links && echo file > /srv/links/forced"),
    Case("template: validate, backup, owner, group; follow, force, replace",
         """
         - template: /srv/tpl/valid.json
           source: valid.json.j2
           validate: python3 -m json.tool %s
           backup: true
           owner: daemon
           group: daemon
         - template: /srv/tpl/followed
           source: valid.json.j2
           follow: true
         - template: /srv/tpl/forced
           source: valid.json.j2
           force: true
         - template: /srv/tpl/seed
           source: valid.json.j2
           replace: false
         """,
         lambda w: bool(_file(w, "/srv/tpl/valid.json", '{"host": "h1"}\n', 0o644, "daemon", "daemon")
                        and w.file("/srv/tpl/followed").is_symlink and w.file("/srv/tpl/real").size == 15
                        and not w.file("/srv/tpl/forced").is_symlink and w.file("/srv/tpl/seed").size == 15),
         """
         - file: [/srv/tpl/valid.json, /srv/tpl/followed, /srv/tpl/forced, /srv/tpl/seed]
           state: absent
         """,
         ("echo > /srv/tpl/valid.json", "chown root /srv/tpl/valid.json", "rm /srv/tpl/real",
          "ln -sf /etc/hostname /srv/tpl/forced", "rm /srv/tpl/seed"),
         before="rm -rf /srv/tpl && mkdir /srv/tpl && cd /srv/tpl && ln -s real followed && ln -s /etc/hostname forced",
         contents=(("valid.json.j2", '{"host": "{{ inventory_hostname }}"}\n'),)),
    Case("line: after, before, create, validate, backup; bytes that are no text",
         """
         - line: behind the first
           path: /srv/lines/a
           text: b
           after: ^a
           backup: true
         - line: on top
           path: /srv/lines/a
           text: top
           before: TOP
         - line: with a file of its own
           path: /srv/lines/new
           text: '{"a": 1}'
           create: true
           validate: python3 -m json.tool %s
         - line: no swap
           path: /srv/lines/fstab
           match: \\sswap\\s
           state: absent
         """,
         lambda w: bool(w.file("/srv/lines/a").content == b"top\na\nb\n\xff\r\n"
                        and w.file("/srv/lines/new").content_string == '{"a": 1}\n'
                        and w.file("/srv/lines/fstab").content_string == "/dev/vda / ext4 0 0\n"),
         """
         - line: behind the first
           path: /srv/lines/a
           text: b
           state: absent
         - line: on top
           path: /srv/lines/a
           text: top
           state: absent
         - file: /srv/lines/new
           state: absent
         """,
         ("sed -i /^b/d /srv/lines/a", "sed -i 1d /srv/lines/a", "rm /srv/lines/new",
          "echo '/dev/vdb none swap sw 0 0' >> /srv/lines/fstab"),
         before="rm -rf /srv/lines && mkdir /srv/lines && printf 'a\\n\\377\\r\\n' > /srv/lines/a"
                " && printf '/dev/vda / ext4 0 0\\n/dev/vdb none swap sw 0 0\\n' > /srv/lines/fstab"),
)

PARTS = (
    Case("block",
         """
         - block: local names
           path: /srv/blocks/a
           content: |
             one
             two
           after: ^a
           backup: true
         - block: made
           path: /srv/blocks/new.html
           content: <b>x</b>
           comment: <!-- {mark} -->
           create: true
           validate: grep -q x %s
         - block: on top
           path: /srv/blocks/a
           content: first
           before: TOP
         """,
         lambda w: bool(w.file("/srv/blocks/new.html").exists and w.file("/srv/blocks/a").content ==
                        b"# begin holdfast: on top\nfirst\n# end holdfast: on top\na\n"
                        b"# begin holdfast: local names\none\ntwo\n# end holdfast: local names\n\xff"
                        and w.file("/srv/blocks/new.html").content_string ==
                        "<!-- begin holdfast: made -->\n<b>x</b>\n<!-- end holdfast: made -->\n"),
         """
         - block: local names
           path: /srv/blocks/a
           state: absent
         - block: on top
           path: /srv/blocks/a
           state: absent
         - block: made
           path: /srv/blocks/new.html
           comment: <!-- {mark} -->
           state: absent
         """,
         ("sed -i s/two/three/ /srv/blocks/a", "sed -i '/begin holdfast: local/,/end holdfast: local/d' /srv/blocks/a",
          "rm /srv/blocks/new.html", "sed -i s/first/last/ /srv/blocks/a"),
         before="rm -rf /srv/blocks && mkdir /srv/blocks && printf 'a\\n\\377' > /srv/blocks/a"),
    Case("hosts_entry",
         """
         - hosts_entry: db1.example.org
           addresses: [10.0.0.5, "fd00::5"]
           aliases: [db1]
         """,
         lambda w: "10.0.0.5\tdb1.example.org db1\nfd00::5\tdb1.example.org db1\n"
         in w.file("/etc/hosts").content_string
         and "10.9.9.9\tother # kept" in w.file("/etc/hosts").content_string,
         """
         - hosts_entry: db1.example.org
           state: absent
         """,
         ("cp /etc/hosts /run/h && sed s/10.0.0.5/10.0.0.6/ /run/h > /etc/hosts",
          "cp /etc/hosts /run/h && sed s/db1$/db2/ /run/h > /etc/hosts",
          "cp /etc/hosts /run/h && grep -v fd00 /run/h > /etc/hosts"),
         before="cp /etc/hosts /run/h && grep -v -e 10.9.9.9 -e db1 /run/h > /etc/hosts;"
                " echo '10.9.9.9 other db1.example.org # kept' >> /etc/hosts"),
)

CASES = (*FILES, *OPTIONS, *PARTS)
