"""Telling people once, in their language, by every channel that is due; and their inbox."""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta

import pytest
from django.utils import translation
from django.utils.translation import gettext as _

from accounts import channels
from accounts.channels.base import Unavailable
from accounts.checks import real_channels
from accounts.models import Notice, OutgoingMessage
from accounts.services.messages import send_sms
from accounts.services.notices import in_language_of, notify
from core import clock
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


def tell(user, *, key="order:1:paid", **more):
    told = {
        "kind": "order.paid",
        "subject": "Paid and held",
        "body": "Ship by Thursday.",
        "url": "/merchant/",
        "sms": True,
    }
    return notify(user_id=user.pk, key=key, now=clock.now(), **{**told, **more})


def test_telling_twice_sends_once():
    user = UserFactory()
    assert tell(user) == tell(user)
    assert Notice.objects.count() == 1
    sent = list(OutgoingMessage.objects.order_by("channel").values_list("channel", "to", flat=False))
    assert sent == [("email", user.email), ("sms", user.phone)]
    assert not OutgoingMessage.objects.filter(sent_at__isnull=True).exists()


def test_the_same_happening_is_told_to_each():
    buyer, merchant = UserFactory(), UserFactory()
    tell(buyer)
    tell(merchant)
    assert Notice.objects.count() == 2 and OutgoingMessage.objects.count() == 4


def test_mails_say_where_to_look():
    user = UserFactory(language="en")
    tell(user)
    mail = OutgoingMessage.objects.get(channel="email")
    assert mail.subject == "Paid and held"
    assert "Ship by Thursday." in mail.body and "http://testserver/merchant/" in mail.body


def test_only_what_is_due_and_can_arrive():
    tell(UserFactory(email=None), email=True, sms=False)
    tell(UserFactory(phone=None), email=False)
    tell(UserFactory(phone_verified=False), email=False)
    assert Notice.objects.count() == 3 and not OutgoingMessage.objects.exists()


def test_asvs_16_5_2_a_channel_that_fails_is_tried_again_and_the_others_are_not_repeated(monkeypatch):
    class Deaf:
        name = "deaf"

        def send(self, **message):
            raise Unavailable("no answer")

    user = UserFactory()
    with monkeypatch.context() as patch:
        patch.setitem(channels.SMS_CHANNELS, "console", Deaf)
        with pytest.raises(Unavailable):
            tell(user)
    assert OutgoingMessage.objects.get(channel="sms").sent_at is None
    tell(user)
    assert OutgoingMessage.objects.get(channel="sms").sent_at is not None
    assert OutgoingMessage.objects.filter(channel="email").count() == 1


def test_words_are_in_the_receivers_language():
    with translation.override("zh-hans"):
        with in_language_of(UserFactory(language="en").pk) as language:
            assert language == "en" and _("Sign in") == "Sign in"
            assert translation.get_language() == "en"
        with in_language_of(uuid.uuid4()) as language:
            assert language == "zh-hans"
    with translation.override("en"), in_language_of(UserFactory(language="zh-hans").pk):
        assert translation.get_language() == "zh-hans"


def test_the_log_knows_neither_number_nor_words(caplog):
    caplog.set_level(logging.INFO)
    send_sms(to="+8613800138000", body="123456 is your code", now=clock.now())
    assert "138****8000" in caplog.text
    assert "13800138000" not in caplog.text and "123456" not in caplog.text


def test_the_inbox_lists_opens_and_counts(client):
    user = UserFactory(language="en")
    client.cookies["django_language"] = "en"
    client.force_login(user)
    for number in range(25):
        notify(user_id=user.pk, kind="k", key=f"n{number}", subject=f"Notice {number}", body="b", url="/orders/",
               email=False, now=clock.now() + timedelta(seconds=number))  # fmt: skip
    first = client.get("/me/inbox/").content.decode()
    assert "Notice 24" in first and "Notice 4<" not in first
    assert "Notice 4<" in client.get("/me/inbox/?page=2").content.decode()
    newest = Notice.objects.get(subject="Notice 24")
    assert client.get(f"/me/inbox/{newest.pk}/").url == "/orders/"
    assert "Notice 24" not in client.get("/me/inbox/?show=unread").content.decode()
    client.post("/me/inbox/read/")
    assert not Notice.objects.filter(read_at__isnull=True).exists()
    assert client.get("/me/inbox/?show=unread&page=99").status_code == 200


def test_a_notice_without_an_address_shows_itself_and_one_that_leads_outside_stays(client):
    user = UserFactory()
    client.force_login(user)
    for key, url in (("a", ""), ("b", "https://evil.example/")):
        row = notify(
            user_id=user.pk, kind="k", key=key, subject="<b>S", body="b", url=url, email=False, now=clock.now()
        )
        answer = client.get(f"/me/inbox/{row.pk}/")
        assert answer.status_code == 200 and "&lt;b&gt;S" in answer.content.decode()


def test_our_own_buttons_can_be_pressed_in_a_message_and_nothing_else_can(client, settings):
    user = UserFactory(language="en")
    client.force_login(user)
    ours, others = f"{settings.SITE_URL}/accounts/not-me/ab.c-d:e_F/", "https://evil.example/accounts/not-me/x/"
    approve = f"{settings.SITE_URL}/accounts/qr/abc/approve/"
    row = notify(
        user_id=user.pk, kind="k", key="n", subject="S", body=f"<b>Not you?\n{ours}\n{others} {approve}", url="",
        email=False, now=clock.now(),
    )  # fmt: skip
    for path in ("/me/inbox/", f"/me/inbox/{row.pk}/"):
        page = client.get(path).content.decode()
        assert '<a href="/accounts/not-me/ab.c-d:e_F/">' in page and "&lt;b&gt;Not you?" in page
        assert others in page and 'href="https://evil.example' not in page and f'href="{approve}' not in page
        assert ours not in page, "nobody has to read the key"


def test_a_strangers_notice_does_not_exist(client):
    client.force_login(UserFactory())
    theirs = tell(UserFactory())
    assert client.get(f"/me/inbox/{theirs.pk}/").status_code == 404
    client.post("/me/inbox/read/")
    theirs.refresh_from_db()
    assert theirs.read_at is None


def test_the_inbox_costs_the_same_however_long_it_is(client, monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(clock, "STALE_SECONDS", 60.0)  # a slow machine would read the clock again and again
    user = UserFactory()
    client.force_login(user)
    for number in range(20):
        tell(user, key=str(number), sms=False, email=False)
    with django_assert_max_num_queries(8):
        client.get("/me/inbox/")


def test_channels_that_reach_nobody_are_refused_in_production(settings):
    settings.STAFF_NEEDS_FACTOR = True  # E004 is of its own test
    assert {found.id for found in real_channels()} == {"accounts.E001", "accounts.E002"}
    settings.EMAIL_BACKEND, settings.SMS_CHANNEL = "django.core.mail.backends.smtp.EmailBackend", "aliyun"
    assert real_channels() == []
