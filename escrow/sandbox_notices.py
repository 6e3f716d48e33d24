"""The notices that the sandbox bank owes the shop: signed, sent over HTTP, sent again until they are taken in."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta

import httpx
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from core import clock, deadlines, wire
from escrow.gateways.signing import HEADER, sign
from escrow.models import SandboxCharge, SandboxNotice

MAX_TRIES = 15
TIMEOUT_SECONDS = 5
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=1)


def notify(
    charge: SandboxCharge,
    *,
    event_id: str = "",
    kind: str = "payment.changed",
    after: timedelta = timedelta(),
    dispute: str = "",
) -> str:
    """Owe the shop a notice: sent right after the commit, or by the deadline if ``after`` a while."""
    name = event_id or f"evt-{uuid.uuid4().hex}"
    body = {"id": name, "type": kind, "payment": charge.reference, "key": charge.key}
    if dispute:
        body["dispute"] = dispute
    now = clock.now()
    notice = SandboxNotice.objects.create(charge=charge, event_id=name, body=json.dumps(body), due_at=now + after)
    deadlines.schedule("sandbox.notice", subject=notice.pk, due_at=now + (after or FIRST_WAIT))
    if not after:
        transaction.on_commit(lambda: send_notice(notice_id=notice.pk, now=clock.now()), robust=True)
    return name


def send_notice(*, notice_id: int, now: datetime) -> None:
    """POST a notice to the shop. What is not answered with 2xx is sent again, later each time, fifteen times."""
    notice = SandboxNotice.objects.select_related("charge").filter(pk=notice_id).first()
    if notice is None or notice.sent_at is not None:
        deadlines.finish("sandbox.notice", subjects=[notice_id])
        return
    status = _post(notice)
    notice.tries += 1
    notice.answer = status[:200]
    is_over = status.startswith("2") or notice.event_id.startswith("forged-") or notice.tries >= MAX_TRIES
    notice.sent_at = now if is_over else None
    with transaction.atomic():
        notice.save(update_fields=["tries", "answer", "sent_at"])
        if is_over:
            deadlines.finish("sandbox.notice", subjects=[notice_id])
        else:
            wait = min(FIRST_WAIT * 2**notice.tries, LONGEST_WAIT)
            deadlines.schedule("sandbox.notice", subject=notice_id, due_at=now + wait)


def _post(notice: SandboxNotice) -> str:
    """Sign now, send, and give the answer in a line."""
    body = notice.body.encode()
    is_forged = notice.event_id.startswith("forged-")
    secret = "not the bank's secret" if is_forged else settings.SANDBOX_BANK_SECRET
    url = notice.charge.data.get("notify_url") or settings.SITE_URL + reverse("payment-notice", args=["sandbox"])
    headers = {HEADER: sign(body, secret=secret), "Content-Type": "application/json"}
    try:
        answer = wire.client(timeout_seconds=TIMEOUT_SECONDS).post(url, content=body, headers=headers)
    except httpx.HTTPError as fault:
        return f"no answer: {type(fault).__name__}"
    return f"{answer.status_code} {answer.text[:100]}"
