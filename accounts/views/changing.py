"""What every change of a second factor is wrapped in: the account must stand well, and money waits afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from accounts.doors import device_of, seen_by
from accounts.requests import MemberRequest
from accounts.services import changes, standing
from core import clock
from core.http import actor_of
from flows import guarding


@contextmanager
def factor_change(request: MemberRequest) -> Iterator[None]:
    """
    One transaction with the change: no payout leaves for three days. Its owner is told by the change itself.

    :raises AccountLimited: if the account is limited
    """
    standing.require(request.user.pk, "change_sign_in")
    was = changes.before(request.user.pk)
    with transaction.atomic():
        yield
        guarding.note_change(
            "factor", was, actor=actor_of(request), device_id=device_of(request), ip=seen_by(request).ip,
            now=clock.now(), with_stop=False,
        )  # fmt: skip
