"""
Work that is thrown away, so that a sign-up with somebody else's phone or e-mail takes as long as one with a free one.

The answer is the same page either way (allauth's enumeration prevention); statements and hashes must be as well, or the
clock says what the page does not. ``tests/security/test_enumeration.py`` counts both.
"""

from __future__ import annotations

import copy
import secrets
from uuid import uuid4

from allauth.account import forms as base
from allauth.account.internal.flows.email_verification_by_code import EMAIL_VERIFICATION_CODE_SESSION_KEY
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from allauth.core.internal.httpkit import is_headless_request
from django.db import transaction
from django.http import HttpRequest

from accounts.doors import seen_by
from accounts.models import User
from accounts.services import stays
from core import clock


def sign_up(form: base.SignupForm, request: HttpRequest) -> None:
    """
    Make the account of this form under a name that nobody has, and take it back; that somebody tried stays on record.
    """
    like = copy.copy(form)
    like.account_already_exists = False
    like.cleaned_data = {**form.cleaned_data}
    if like.cleaned_data.get("email"):
        like.cleaned_data["email"] = f"{uuid4().hex}@nobody.invalid"
    if like.cleaned_data.get("phone"):
        like.cleaned_data["phone"] = f"+0{secrets.randbelow(10**14):014d}"  # no country begins with a nought
    with transaction.atomic():
        with transaction.atomic():
            base.SignupForm.save(like, request)
            transaction.set_rollback(True)
        note(request, None)


def note(request: HttpRequest, user: User | None) -> None:
    """Write down that somebody signs up; ``user``: the account that was made, if one was."""
    stays.note_try(user_id=user.pk if user else None, outcome="sign_up", seen=seen_by(request), now=clock.now())


def member() -> User:
    """What is read and remembered of a member who asks for a code: his row, and his id in the session's spelling."""
    nobody = User()
    user_pk_to_url_str(nobody)
    return nobody


def look_at_member(request: HttpRequest) -> None:
    """What a waiting login asks first, once a request: whose it is. A page that proves an e-mail asks twice."""
    if request.__dict__.setdefault("has_looked_at_nobody", False):
        return
    request.__dict__["has_looked_at_nobody"] = True
    is_twice = EMAIL_VERIFICATION_CODE_SESSION_KEY in request.session and not is_headless_request(request)
    for _time in range(2 if is_twice else 1):
        User.objects.filter(pk=uuid4()).first()


def look_at_new_address(email: str) -> None:
    """What allauth asks about the e-mail of a new account before it first writes to it: of nobody, four questions."""
    nobody = uuid4()
    addresses = EmailAddress.objects.filter(user_id=nobody)
    addresses.filter(verified=True).exists()
    addresses.order_by("-primary", "-verified").first()
    User.objects.filter(pk=nobody).first()
    look_at_address(email)


def look_at_address(email: str) -> None:
    """What it asks each time it writes there."""
    EmailAddress.objects.filter(user_id=uuid4(), email=email).first()
