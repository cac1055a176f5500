"""http_check: an address answers over HTTP as it should, before anything goes on."""
from __future__ import annotations

import re
import time
from typing import Any, ClassVar, Dict, List, Optional, Sequence, Tuple

from holdfast_host import ALLOWED, ALWAYS, Change, Declared, Failed, Field, Record, Refused, Resource, arg, checks

PAUSE_S = 0.5
READ_BYTES = 1024 * 1024  # of an answer; what comes after is not looked at


def _url(text: str) -> None:
    if not re.match(r"https?://[^\s/]+(/\S*)?\Z", text):
        raise Refused("", "`%s` is not an address" % text, "as http://localhost/health")
    port = re.search(r":([^:/\]@]*)(?:/|\Z)", text.partition("://")[2])
    if port is not None and not (port.group(1).isdecimal() and 0 < int(port.group(1)) < 65536):
        raise Refused("", "`%s` has no port behind its colon" % text, "write a number from 1 to 65535, or no colon")


def _codes(codes: Tuple[str, ...]) -> None:
    for code in codes:
        if not re.match(r"[1-5][0-9][0-9]\Z", code):
            raise Refused("", "`%s` is not a status of HTTP" % code, "write [200, 204]")


class Answer(Record):
    """What came back. status: 0: nothing did, and `trouble` says why."""

    status: int
    body: str = ""
    trouble: str = ""


class HttpCheck(Resource):
    """An address answers over HTTP as it should, asked from the host itself. When it does not, it is asked again until
    it does; after `timeout_s` that is a failure. A plan asks once."""

    named: ClassVar[str] = "url"
    looks_only: ClassVar[str] = ALWAYS
    example: ClassVar[str] = """
        - http_check: http://localhost/health
          contains: ^ok
          timeout_s: 30
    """

    url: str = arg(check=_url, doc="The address, http or https.")
    status: Tuple[str, ...] = arg(("200",), check=_codes, doc="The statuses that are right. Redirections are followed.")
    contains: Optional[str] = arg(None, check=checks.regex, doc="A regular expression that is to find something in the "
                                  "answer.")
    headers: Dict[str, str] = arg({}, secret=ALLOWED, doc="Headers of the request.")
    verify: bool = arg(True, doc="Check the certificate of https.")
    request_s: float = arg(10.0, check=checks.seconds, doc="How many seconds one request may take.")
    timeout_s: float = arg(30.0, check=checks.seconds, doc="How many seconds to ask again before it is a failure.")

    def observe(self) -> Answer:
        import urllib.error
        import urllib.request

        request = urllib.request.Request(self.url, headers={"User-Agent": "holdfast", **self.headers})  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=self.request_s, context=self._context()) as answer:  # noqa: S310
                return Answer(answer.status, answer.read(READ_BYTES).decode("utf-8", "replace"))
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read(READ_BYTES).decode("utf-8", "replace"))
        except urllib.error.URLError as error:
            return Answer(0, trouble=str(error.reason))
        except (OSError, ValueError) as error:  # the connection broke in the middle, or speaks no HTTP
            return Answer(0, trouble=str(error) or type(error).__name__)

    def _context(self) -> Any:
        if self.verify or not self.url.startswith("https"):
            return None
        import ssl

        return ssl._create_unverified_context()  # noqa: S323  # asked for

    def diff(self, observed: Answer) -> Optional[Change]:
        fields: List[Field] = []
        if str(observed.status) not in self.status:
            fields.append(Field("status", observed.status or observed.trouble, " or ".join(self.status)))
        elif self.contains is not None and not re.search(self.contains, observed.body, re.M):
            fields.append(Field("contains", observed.body[:200], self.contains))
        return Change("wait", tuple(fields)) if fields else None

    def is_provisional(self, observed: Answer) -> bool:
        return True  # what is to change before may end it

    def undo(self, observed: Answer, change: Change) -> Sequence[Declared]:
        return ()  # it changes nothing

    def converge(self, change: Change) -> None:
        until = time.monotonic() + self.timeout_s
        left: Optional[Change] = change
        while left is not None:
            if time.monotonic() >= until:
                found = left.fields[0]
                raise Failed("%s did not answer as it should within %g s: %s is %s" % (
                    self.url, self.timeout_s, found.name, found.before))
            time.sleep(PAUSE_S)
            left = self.diff(self.observe())
