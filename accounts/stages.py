"""Steps between the proof of who somebody is and the open door."""

from __future__ import annotations

from allauth.account import stages
from django.http import HttpResponse


class EmailVerificationStage(stages.EmailVerificationStage):
    """Allauth's step, for those who have an e-mail address: a member with a phone alone has nothing to prove here."""

    def handle(self) -> tuple[HttpResponse | None, bool]:
        if self.login.user is not None and not self.login.user.email:
            return None, True
        response, is_continued = super().handle()
        return response, is_continued
