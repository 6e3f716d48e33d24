"""Other sites' login servers on a port of this machine: a small OpenID provider, and what Weixin and QQ answer."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "client-of-ours", "secret-of-ours"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGE_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def answers_of_weixin() -> dict[str, Any]:
    """As their documentation prints them (snsapi_login)."""
    return {
        "/sns/oauth2/access_token": {
            "access_token": "ACCESS_TOKEN", "expires_in": 7200, "refresh_token": "REFRESH_TOKEN", "openid": "OPENID",
            "scope": "snsapi_login", "unionid": "o6_bmasdasdsad6_2sgVt7hMZOPfL",
        },
        "/sns/userinfo": {
            "openid": "OPENID", "nickname": "林巧云", "sex": 1, "province": "ZJ", "city": "HZ", "country": "CN",
            "headimgurl": "https://thirdwx.qlogo.cn/mmopen/0", "privilege": [],
            "unionid": "o6_bmasdasdsad6_2sgVt7hMZOPfL",
        },
    }  # fmt: skip


def answers_of_qq() -> dict[str, Any]:
    return {
        "/oauth2.0/token": {"access_token": "FE04CCE2", "expires_in": "7776000", "refresh_token": "88E4BE14"},
        "/oauth2.0/me": {"client_id": CLIENT, "openid": "A36B2", "unionid": "UID_1"},
        "/user/get_user_info": {
            "ret": 0,
            "msg": "",
            "nickname": "巧云",
            "gender": "女",
            "figureurl_qq": "http://q.qlogo.cn/1",
        },
    }


@dataclass
class Elsewhere:
    """What it was asked, and what it answers."""

    url: str
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)
    nonce: str = ""
    challenge: str = ""
    claims: dict[str, Any] = field(default_factory=dict)  # changed or (None) left out
    key: Any = KEY
    algorithm: str = "RS256"

    def settings(self) -> dict[str, Any]:
        app = {"APPS": [{"client_id": CLIENT, "secret": SECRET}]}
        return {
            "google": {
                **app, "AUTHORIZE_URL": f"{self.url}/authorize", "TOKEN_URL": f"{self.url}/token",
                "KEYS_URL": f"{self.url}/keys", "ISSUERS": [self.url],
            },
            "weixin": {
                **app, "AUTHORIZE_URL": f"{self.url}/connect/qrconnect",
                "TOKEN_URL": f"{self.url}/sns/oauth2/access_token", "PROFILE_URL": f"{self.url}/sns/userinfo",
            },
            "qq": {
                **app, "AUTHORIZE_URL": f"{self.url}/oauth2.0/authorize", "TOKEN_URL": f"{self.url}/oauth2.0/token",
                "ME_URL": f"{self.url}/oauth2.0/me", "PROFILE_URL": f"{self.url}/user/get_user_info",
            },
        }  # fmt: skip

    def id_token(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": CLIENT, "azp": CLIENT, "sub": "108", "iat": now, "exp": now + 300, "name": "Lin",
            "email": "lin@example.com", "email_verified": True, "nonce": self.nonce, **self.claims,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        key = "" if self.algorithm == "none" else "x" * 64 if self.algorithm.startswith("HS") else self.key
        return jwt.encode(claims, key or None, algorithm=self.algorithm, headers={"kid": "k1"})

    def answer(self, path: str, sent: dict[str, str]) -> tuple[int, Any]:
        self.asked.append((path, sent))
        if path in self.answers:
            return 200, self.answers[path]
        if path == "/keys":
            public = jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
            return 200, {"keys": [{**public, "kid": "k1", "use": "sig", "alg": "RS256"}]}
        if path == "/token":
            digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
            if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != self.challenge:
                return 400, {"error": "invalid_grant"}
            return 200, {"access_token": "at", "token_type": "Bearer", "id_token": self.id_token()}
        return 404, {}


@contextmanager
def elsewhere() -> Iterator[Elsewhere]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply(urlsplit(self.path).query)

        def do_POST(self) -> None:
            self.reply(self.rfile.read(int(self.headers["Content-Length"])).decode())

        def reply(self, text: str) -> None:
            sent = {name: values[0] for name, values in parse_qs(text).items()}
            status, said = site.answer(urlsplit(self.path).path, sent)
            body = said.encode() if isinstance(said, str) else json.dumps(said, ensure_ascii=False).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json" if site.challenge else "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_more: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site = Elsewhere(url=f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
