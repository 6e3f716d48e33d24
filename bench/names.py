"""
The doors where somebody types a phone or an e-mail that may or may not be an account's: one table.

`./run bench enumeration` measures them, ``tests/security/test_enumeration.py`` compares what they say and do.
"""

from __future__ import annotations

from dataclasses import dataclass, field

GUESS = "a-guess-of-a-stranger-7"  # no account's password; good enough for a sign-up


@dataclass(frozen=True, slots=True)
class Door:
    """``fields``: what is sent beside the name; ``proof``: what its member has confirmed before he may type."""

    name: str
    path: str
    field: str
    by: str  # phone or email
    fields: dict[str, str] = field(default_factory=dict)
    proof: str = ""

    @property
    def is_members(self) -> bool:
        return bool(self.proof)


DOORS = (
    Door("login, phone", "/accounts/login/", "login", "phone", {"password": GUESS}),
    Door("login, e-mail", "/accounts/login/", "login", "email", {"password": GUESS}),
    Door("sign-up, phone", "/accounts/signup/", "phone", "phone"),
    Door("sign-up, e-mail", "/accounts/signup/?by=email", "email", "email", {"password1": GUESS}),
    Door("code request, phone", "/accounts/login/code/", "login", "phone"),
    Door("code request, e-mail", "/accounts/login/code/", "login", "email"),
    Door("password reset", "/accounts/password/reset/", "email", "email"),
    Door(
        "recovery, phone", "/accounts/recovery/", "login", "phone",
        {"contact": "reach-me@example.com", "earlier": "", "password": GUESS, "number": "", "recipient": ""},
    ),
    Door(
        "recovery, e-mail", "/accounts/recovery/", "login", "email",
        {"contact": "reach-me@example.com", "earlier": "", "password": GUESS, "number": "", "recipient": ""},
    ),
    Door("phone change", "/accounts/phone/change/", "phone", "phone", proof="phone"),
    Door("e-mail change", "/accounts/email/", "email", "email", {"action_add": ""}, proof="email"),
)  # fmt: skip
