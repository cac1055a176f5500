"""One try to tell somebody: by POST, or by e-mail. Servers are known by their certificates (those of the system, or of
SSL_CERT_FILE), and nothing is sent to a place that was not named."""
from __future__ import annotations

import email.message
import email.utils
import hashlib
import hmac
import http.client
import json
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from holdfast.documents.association import Hook

ONE_S = 30.0  # how long one try may take
USER_AGENT = "holdfast"


class Undelivered(Exception):
    """It has not arrived, and why."""


class _Straight(urllib.request.HTTPRedirectHandler):
    """A POST that is sent elsewhere would arrive as a GET without its body."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def post(address: str, body: bytes, key: str = "") -> None:
    """Sends JSON, signed with HMAC-SHA256 where there is a key. Raises Undelivered."""
    headers = {"Content-Type": "application/json", "User-Agent": USER_AGENT}
    if key:
        headers["X-Holdfast-Signature"] = "sha256=" + hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
    request = urllib.request.Request(address, body, headers, method="POST")  # noqa: S310  # the schema: http(s) only
    try:
        with urllib.request.build_opener(_Straight).open(request, timeout=ONE_S):
            return
    except urllib.error.HTTPError as error:
        error.close()
        raise Undelivered(f"{address} answers with {error.code}") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise Undelivered(f"{address} does not answer: {getattr(error, 'reason', error)}") from None


def mail(hook: Hook, event: Mapping[str, Any], password: str = "") -> None:
    """Sends an e-mail, by TLS where the hook says so and then by nothing less. Raises Undelivered."""
    try:
        with _connected(hook) as server:
            if hook.user:
                server.login(hook.user, password)
            server.send_message(_message(hook, event))
    except (OSError, smtplib.SMTPException) as error:
        raise Undelivered(f"the mail server {hook.server}: {error}") from None


def _connected(hook: Hook) -> smtplib.SMTP:
    host, _, port = hook.server.partition(":")
    if hook.tls == "implicit":
        return smtplib.SMTP_SSL(host, int(port or 465), timeout=ONE_S, context=ssl.create_default_context())
    server = smtplib.SMTP(host, int(port or 25), timeout=ONE_S)
    try:
        if hook.tls == "starttls":
            server.starttls(context=ssl.create_default_context())
    except BaseException:
        server.close()
        raise
    return server


def _message(hook: Hook, event: Mapping[str, Any]) -> email.message.EmailMessage:
    message = email.message.EmailMessage()
    message["From"], message["To"] = hook.sender or hook.email, hook.email
    subject = f"{event['event']}: {event.get('resource', event.get('status', ''))} on {event.get('host', '')}"
    message["Subject"] = " ".join(f"[holdfast] {subject}".split())
    message["Date"], message["Message-ID"] = email.utils.localtime(), email.utils.make_msgid(domain="holdfast")
    message.set_content(json.dumps(event, indent=2, ensure_ascii=False) + "\n")
    return message
