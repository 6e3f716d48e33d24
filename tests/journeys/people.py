"""Somebody at a browser: pages are opened, forms are filled in as they stand there, CSRF tokens are checked."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from accounts.models import Notice, OutgoingMessage, User
from tests.journeys.forms import form_to


class Person:
    def __init__(self, user: User) -> None:
        self.user = user
        self.client = Client(enforce_csrf_checks=True, HTTP_ACCEPT_LANGUAGE=user.language)
        self.client.force_login(user)

    def open(self, path: str) -> str:
        """A page, after its redirects."""
        answer = self.client.get(path, follow=True)
        assert answer.status_code == 200, (path, answer.status_code)
        return str(answer.content.decode())

    def submit(self, page: str, to: str = "", *, having: str = "", **given: object) -> Any:
        """Open a page, fill in its form to ``to`` (or to itself) and send it; what comes back must not refuse."""
        here = page.partition("?")[0]
        form = form_to(self.open(page), to or here, page=here, having=having)
        answer = self.client.post(to or page, form.filled(given), HTTP_REFERER=f"http://testserver{page}")
        assert answer.status_code in (200, 302), (answer.status_code, answer.content.decode()[:2000])
        return answer

    def told(self, kind: str) -> list[Notice]:
        """The site messages of one kind that this person got, oldest first."""
        return list(Notice.objects.filter(user=self.user, kind=kind).order_by("created_at"))

    def mails(self) -> list[str]:
        """Subjects of the e-mails that left for this person."""
        sent = OutgoingMessage.objects.filter(channel="email", to=self.user.email)
        return list(sent.order_by("pk").values_list("subject", flat=True))


def post_json(path: str, **body: object) -> Any:
    """A script at one of the sandbox's JSON doors."""
    answer = Client(enforce_csrf_checks=True).post(path, json.dumps(body), content_type="application/json")
    assert answer.status_code == 200, (path, answer.status_code, answer.content.decode()[:500])
    return answer.json()
