"""Commands and scripts, and what only looks."""
from __future__ import annotations

from tests.contract.case import Case

ASK = """python3 -c 'import urllib.request; print(urllib.request.urlopen("http://127.0.0.1:8099/").read().decode())'"""

COMMANDS = (
    Case("command",
         """
         - command: sh -c 'date > /srv/stamp'
           creates: /srv/stamp
         - command: touch /srv/second
           unless: test -e /srv/second
           requires: {command: sh -c 'date > /srv/stamp'}
         """,
         lambda w: bool(w.file("/srv/stamp").exists and w.file("/srv/second").exists),
         """
         - command: rm /srv/stamp /srv/second
           removes: /srv/stamp
         """,
         ("rm /srv/stamp", "rm /srv/second")),
    Case("command: a shell, a user, words, input, codes; when told, when something is there",
         """
         - command: make the greeting
           argv: [sh, -c, 'cat > greeting && echo "$WORD $(id -un)" >> greeting && exit 3']
           cwd: /srv/cmd
           user: daemon
           env: {WORD: "hello; there"}
           stdin: "in: "
           success: ["0", "3"]
           creates: /srv/cmd/greeting
         - command: test -e /srv/cmd/old && rm /srv/cmd/old
           shell: true
           removes: /srv/cmd/old
           only_if: test -e /srv/cmd/greeting
           requires: {command: make the greeting}
         - file: /srv/cmd/conf
           content: "1"
           notify: {command: sh -c 'echo told >> /srv/cmd/told'}
         - command: sh -c 'echo told >> /srv/cmd/told'
           on_notify: true
         """,
         lambda w: bool(w.file("/srv/cmd/greeting").exists
                        and w.file("/srv/cmd/greeting").content_string == "in: hello; there daemon\n"
                        and not w.file("/srv/cmd/old").exists and w.file("/srv/cmd/told").exists),
         """
         - directory: /srv/cmd
           state: absent
           force: true
         """,
         ("rm /srv/cmd/greeting", "touch /srv/cmd/old", "echo 2 > /srv/cmd/conf"),
         before="rm -rf /srv/cmd; mkdir -m 777 /srv/cmd && touch /srv/cmd/old"),
)

SCRIPTS = (
    Case("script",
         """
         - script: greet
           content: |
             #!/bin/sh -e
             echo "$1 $#" > /srv/greeted
           args: [it's; me, "2"]
           creates: /srv/greeted
         """,
         lambda w: bool(w.file("/srv/greeted").exists and w.file("/srv/greeted").content_string == "it's; me 2\n"),
         """
         - script: rm
           content: rm /srv/greeted
           interpreter: sh
           removes: /srv/greeted
         """,
         ("rm /srv/greeted",)),
    Case("script: files of the project, another user, guards, when told",
         """
         - script: gather
           source: gather.py
           interpreter: python3 -B
           args: [first, "second; third"]
           cwd: /srv/scripts
           user: daemon
           env: {WORD: "hello; there"}
           stdin: "in: "
           success: ["0", "3"]
           unless: test -e gathered
         - script: from a template
           template: made.j2
           only_if: test -e /srv/scripts/gathered
           removes: /srv/scripts/old
           requires: {script: gather}
         - file: /srv/scripts/conf
           content: "1"
           notify: {script: told}
         - script: told
           source: told.sh
           on_notify: true
         """,
         lambda w: bool(w.file("/srv/scripts/gathered").exists
                        and w.file("/srv/scripts/gathered").content_string ==
                        "in: hello; there|first|second; third|daemon"
                        and not w.file("/srv/scripts/old").exists and w.file("/srv/scripts/told").exists
                        and w.file("/srv/scripts/told").content_string.startswith("h1\n")),
         """
         - directory: /srv/scripts
           state: absent
           force: true
         """,
         ("rm /srv/scripts/gathered", "touch /srv/scripts/old", "echo 2 > /srv/scripts/conf"),
         before="rm -rf /srv/scripts; mkdir -m 777 /srv/scripts && touch /srv/scripts/old",
         contents=(("gather.py", "import getpass, os, sys\n"
                    "said = '|'.join([sys.stdin.read() + os.environ['WORD'], *sys.argv[1:], getpass.getuser()])\n"
                    "open('gathered', 'w').write(said)\nsys.exit(3)\n"),
                   ("made.j2", "#!/bin/sh\necho {{ inventory_hostname }} >> /srv/scripts/told\nrm /srv/scripts/old\n"),
                   ("told.sh", "#!/bin/sh\necho told >> /srv/scripts/told\n"))),
)

LOOKS = (
    Case("wait_for, http_check, command_check and assert",
         """
         - assert: this is a Debian
           that: "{{ facts.os.family == 'debian' }}"
           mend: use another host
         - file: /srv/www/index.html
           content: all is well
         - systemd_unit: www.service
           content: |
             [Service]
             ExecStartPre=/bin/sleep 0.5
             ExecStart=/usr/bin/python3 -m http.server --directory /srv/www 8099
         - service: www
           running: true
         - wait_for: the port
           port: 8099
           host: localhost
           timeout_s: 20
           requires: {service: www}
         - wait_for: the page
           path: /srv/www/index.html
         - http_check: http://127.0.0.1:8099/index.html
           status: [200]
           contains: all is well
           headers: {Accept: text/html}
           verify: false
           request_s: 5
           timeout_s: 20
           requires: [{wait_for: the port}, {file: /srv/www/index.html}]
         - command_check: the page is well
           run: grep -c well /srv/www/index.html || echo lost
           shell: true
           user: nobody
           success: [0]
           matches: ^1$
           timeout_s: 5
           mend: write another page
           requires: {file: /srv/www/index.html}
         - command_check: nothing else is said
           run: grep -v well /srv/www/index.html
           success: [1]
           silent: true
           requires: {file: /srv/www/index.html}
         """,
         lambda w: bool(w.service("www").is_running and w.check_output(ASK) == "all is well"),
         """
         - service: www
           running: false
         - systemd_unit: www.service
           state: absent
         - wait_for: it is gone
           port: 8099
           state: absent
           requires: {service: www}
         """,
         ("systemctl stop www", "echo all is lost > /srv/www/index.html"),
         before="mkdir -p /srv/www"),
)

CASES = (*COMMANDS, *SCRIPTS, *LOOKS)
