"""A passkey in Python: what a phone or a security key answers, right or wrong."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

FLAG = AuthenticatorData.FLAG


class Key:
    def __init__(self, site: str = "localhost", origin: str = "http://localhost") -> None:
        self.site, self.origin = site, origin
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.id, self.handle, self.is_verified = os.urandom(16), b"", True

    def make(self, options: dict[str, Any]) -> str:
        """Answer ``navigator.credentials.create``."""
        asked = options["publicKey"]
        self.handle = _bytes(asked["user"]["id"])
        attested = AttestedCredentialData.create(
            Aaguid.NONE, self.id, ES256.from_cryptography_key(self.private.public_key())
        )
        made = AttestationObject.create("none", self._data(FLAG.AT, attested), {})
        said = {"clientDataJSON": self._client("webauthn.create", asked), "attestationObject": bytes(made)}
        return self._write(said)

    def answer(self, options: dict[str, Any], *, handle: bytes | None = None) -> str:
        """Answer ``navigator.credentials.get``."""
        client, data = self._client("webauthn.get", options["publicKey"]), self._data(FLAG(0))
        signed = self.private.sign(bytes(data) + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        said = {"clientDataJSON": client, "authenticatorData": bytes(data), "signature": signed}
        return self._write({**said, "userHandle": self.handle if handle is None else handle})

    def _data(self, flags: Any, attested: Any = b"") -> AuthenticatorData:
        flags |= FLAG.UP | (FLAG.UV if self.is_verified else FLAG(0))
        return AuthenticatorData.create(hashlib.sha256(self.site.encode()).digest(), flags, 0, attested)

    def _client(self, kind: str, asked: dict[str, Any]) -> bytes:
        return json.dumps({"type": kind, "challenge": asked["challenge"], "origin": self.origin}).encode()

    def _write(self, response: dict[str, bytes]) -> str:
        name = websafe_encode(self.id)
        said = {part: websafe_encode(value) for part, value in response.items()}
        return json.dumps(
            {"id": name, "rawId": name, "type": "public-key", "response": said, "clientExtensionResults": {}}
        )


def _bytes(text: Any) -> bytes:
    from fido2.utils import websafe_decode

    return websafe_decode(text) if isinstance(text, str) else bytes(text)
