"""A browser for measuring: one kept connection, cookies, no more."""

from __future__ import annotations

import http.client
import json
import re
from urllib.parse import urlencode, urlsplit

FIELD = re.compile(r"<input\b[^>]*>")
ATTRIBUTE = re.compile(r'([a-z_-]+)="([^"]*)"')


class Visitor:
    def __init__(self, base: str, *, session: str = "") -> None:
        self.host = urlsplit(base).netloc
        self.cookies = {"session": session} if session else {}
        self.connection = http.client.HTTPConnection(self.host, timeout=60)

    def ask(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> tuple[int, str, str]:
        """One request; give status, body and where it redirects to. A connection that the server closed is renewed."""
        headers = {"Accept": "text/html", "Connection": "keep-alive"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if kind:
            headers["Content-Type"] = kind
            headers["Accept"] = "application/json" if "json" in kind else "text/html"
        try:
            self.connection.request(method, path, body=body, headers=headers)
            answer = self.connection.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            self.connection.close()
            self.connection.request(method, path, body=body, headers=headers)
            answer = self.connection.getresponse()
        text = answer.read().decode()
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, text, answer.headers.get("Location", "")

    def open(self, path: str) -> str:
        """:raises RuntimeError: if the page is not there"""
        status, text, _ = self.ask("GET", path)
        if status != 200:
            raise RuntimeError(f"GET {path} answered {status}: {text[:500]}")
        return text

    def send(self, path: str, **fields: str) -> str:
        """
        Send a form and give where it leads.

        :raises RuntimeError: if it is not taken
        """
        kind = "application/x-www-form-urlencoded"
        status, text, to = self.ask("POST", path, urlencode(fields).encode(), kind)
        if status != 302:
            raise RuntimeError(f"POST {path} answered {status}: {text[:3000]}")
        return to

    def deliver(self, path: str, body: str, headers: dict[str, str]) -> None:
        """:raises RuntimeError: if a machine's message is not taken"""
        self.connection.request("POST", path, body=body.encode(), headers=headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        if answer.status != 200:
            raise RuntimeError(f"POST {path} answered {answer.status}: {text[:500]}")

    def tell(self, path: str, **facts: str) -> None:
        """:raises RuntimeError: if the JSON door refuses"""
        status, text, _ = self.ask("POST", path, json.dumps(facts).encode(), "application/json")
        if status != 200:
            raise RuntimeError(f"POST {path} answered {status}: {text[:500]}")


def field_of(html: str, name: str) -> str:
    """
    The value of a page's first input with this name; of several to choose from, the chosen one.

    :raises RuntimeError: if there is none
    """
    found = [tag for tag in FIELD.findall(html) if dict(ATTRIBUTE.findall(tag)).get("name") == name]
    if not found:
        raise RuntimeError(f"the page has no field {name}")
    chosen = next((tag for tag in found if " checked" in tag), found[0])
    return dict(ATTRIBUTE.findall(chosen)).get("value", "")
