"""
Anchors outside: the newest checkpoint, mailed once a day to those who keep what nobody can change afterwards.

Whoever holds the database and the key could sign another history; a mail that lies elsewhere betrays him.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.services.messages import send_email
from core import audit_seal
from escrow.models import Checkpoint
from escrow.records import notes
from escrow.records.checkpoints import latest


def mail(*, now: datetime) -> int:
    """
    Send the newest checkpoint to everybody in ``ANCHOR_MAIL_TO`` who has not had one on this day (UTC); give how many.

    :raises OSError: if the mail server did not take one; the next call sends what is missing
    """
    newest = latest()
    if newest is None or not notes.is_set_up():
        return 0
    day = now.astimezone(UTC).date().isoformat()
    sent = 0
    with translation.override(settings.LANGUAGE_CODE):
        for to in settings.ANCHOR_MAIL_TO:
            subject = _("Log of %(site)s, %(day)s: %(n)s movements") % {
                "site": notes.key_name(), "day": day, "n": newest.size,
            }  # fmt: skip
            key = f"anchor:{day}:{to}"[:160]
            sent += send_email(to=to, subject=subject, body=_body(newest), now=now, key=key)
    return sent


def _body(newest: Checkpoint) -> str:
    told = _(
        "Keep this mail. The text below is the signed state of the log of all movements of money. Whoever later shows "
        "you another history of as many movements contradicts it.\n\n"
        "To check that today's log still begins with this one, save the mail and run:"
    )
    command = (
        f'curl "{settings.SITE_URL}/api/v1/log/consistency/?old={newest.size}&new=SIZE" > both.json\n'
        f'python verify.py --key "{notes.verifier_key()}" consistency both.json mail.eml'
    )
    trail = f"\npython manage.py audit_check --head {head}" if (head := audit_seal.newest_head()) else ""
    where = _("SIZE is the second line of the checkpoint on %(page)s, where verify.py lies too.")
    page = where % {"page": f"{settings.SITE_URL}/verify/"}
    return f"{told}\n\n{command}{trail}\n\n{page}\n\n{newest.note}"
