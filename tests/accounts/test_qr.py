"""A computer is signed in by a phone: every row of the threat table that is about QR (ACCOUNTS §3)."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from accounts.models import Device, OutgoingMessage, QRLogin, User
from accounts.services import qr
from accounts.services.step_up import Act
from accounts.states import QRStatus, Standing
from core import clock
from core.errors import DomainError, IllegalTransition, NotFound, TooMany
from tests.accounts.letters import code_to
from tests.accounts.proofs import prove
from tests.factories.accounts import PASSWORD, UserFactory
from tests.stories import settle

pytestmark = pytest.mark.django_db
PHONE = "+8613900139000"
HTMX = {"HTTP_HX_REQUEST": "true"}
HOME, FAR = "114.114.114.114", "85.214.132.117"


@pytest.fixture
def lin():
    return UserFactory(phone=PHONE)


@pytest.fixture
def phone(lin):
    """Her phone, trusted for days."""
    client = Client(REMOTE_ADDR=HOME)
    client.post("/accounts/login/code/", {"login": PHONE})
    client.post("/accounts/login/code/confirm/", {"code": code_to(PHONE)})
    assert client.get("/me/").status_code == 200
    Device.objects.update(created_at=clock.now() - timedelta(days=3))
    return client


@pytest.fixture
def desk():
    return Client(REMOTE_ADDR=HOME)


def show(desk) -> str:
    """Ask for a code; give the address in it."""
    assert desk.post("/accounts/qr/").status_code == 302
    page = desk.get("/accounts/qr/")
    return page.context["url"].removeprefix("http://testserver")


def poll(desk, **more):
    return desk.post("/accounts/qr/poll/", **{**HTMX, **more})


def digits():
    return QRLogin.objects.latest("created_at").digits


def scan(phone, url):
    return phone.get(url)


def confirm(phone, lin, url, *, typed=None, act="qr"):
    prove(phone, lin, Act(act, target=str(QRLogin.objects.latest("created_at").pk)))
    return phone.post(f"{url}approve/", {"digits": typed or digits()})


def who(client):
    return client.session.get("_auth_user_id")


def test_scan_type_and_in(desk, phone, lin):
    url = show(desk)
    assert poll(desk).status_code == 200 and who(desk) is None
    page = scan(phone, url)
    shown = re.findall(r">\s*(\d\d)\s*<", page.content.decode())
    assert page.status_code == 200 and digits() not in shown, "the phone does not know the digits"
    assert f"{lin.display_name[:1]}***" in poll(desk).content.decode()
    before = desk.session.session_key
    assert confirm(phone, lin, url).status_code == 302
    answer = poll(desk)
    assert answer["HX-Redirect"] == "/" and who(desk) == str(lin.pk)
    assert desk.session.session_key != before, "the session before it is worth nothing"
    assert Device.objects.filter(user=lin, verified_by="qr").exists() and desk.session["is_qr"]
    assert QRLogin.objects.get().status == QRStatus.USED


def test_without_scripts_the_button_does_it(desk, phone, lin):
    url = show(desk)
    scan(phone, url)
    confirm(phone, lin, url)
    assert desk.post("/accounts/qr/poll/").url == "/" and who(desk) == str(lin.pk)


def test_asvs_7_6_2_a_look_never_approves_and_approving_takes_a_post_with_a_token(desk, phone, lin):
    url = show(desk)
    for _time in range(3):
        scan(phone, url)
    assert phone.get(f"{url}approve/").status_code == 405
    strict = Client(enforce_csrf_checks=True, REMOTE_ADDR=HOME)
    strict.cookies = phone.cookies
    assert strict.post(f"{url}approve/", {"digits": digits()}).status_code == 403
    assert poll(desk).status_code == 200 and who(desk) is None


def test_asvs_6_6_4_no_digits_wrong_digits_and_three_tries(desk, phone, lin):
    url = show(desk)
    scan(phone, url)
    for typed in ("", "x", f"{(int(digits()) + 1) % 90 + 10:02d}"):
        assert confirm(phone, lin, url, typed=typed or " ").status_code in (400, 410)
    assert QRLogin.objects.get().status == QRStatus.DECLINED
    assert confirm(phone, lin, url).status_code in (302, 410) and who(desk) is None
    assert poll(desk).status_code == 200 and who(desk) is None


def test_a_spy_with_the_link_gets_no_session(desk, phone, lin):
    url = show(desk)
    spy = Client()
    assert spy.get(url).status_code == 302, "it leads a stranger to the login"
    assert spy.post("/accounts/qr/poll/", **HTMX).status_code == 404
    scan(phone, url)
    confirm(phone, lin, url)
    assert spy.post("/accounts/qr/poll/", **HTMX).status_code == 404
    thief = Client()
    thief.post("/accounts/qr/")
    session = thief.session
    session["qr_login"] = str(QRLogin.objects.order_by("created_at").first().pk)
    session.save()
    assert thief.post("/accounts/qr/poll/", **HTMX).status_code == 404, "bound to the browser that asked"
    poll(desk)
    assert who(desk) == str(lin.pk)


def test_only_the_first_scanner_may_go_on(desk, phone, lin):
    url = show(desk)
    scan(phone, url)
    other = UserFactory()
    rival = Client(REMOTE_ADDR=HOME)
    rival.force_login(other)
    assert rival.get(url).status_code == 410
    prove(rival, other, Act("qr", target=str(QRLogin.objects.get().pk)))
    assert rival.post(f"{url}approve/", {"digits": digits()}).status_code in (403, 410)
    assert rival.post(f"{url}decline/").status_code in (302, 410)
    assert QRLogin.objects.get().status == QRStatus.SCANNED


def test_it_is_over_after_two_minutes(desk, phone, lin):
    url = show(desk)
    scan(phone, url)
    confirm(phone, lin, url)
    with clock.at(clock.now() + timedelta(seconds=121)):
        assert poll(desk).status_code == 200 and who(desk) is None
        assert scan(phone, url).status_code == 410


def test_it_opens_once(desk, phone, lin):
    url = show(desk)
    scan(phone, url)
    confirm(phone, lin, url)
    row = QRLogin.objects.get()
    qr.use(row=row, now=clock.now())
    with pytest.raises(IllegalTransition):
        qr.use(row=QRLogin(pk=row.pk, status=QRStatus.APPROVED, user_id=lin.pk), now=clock.now())


def test_refusing_is_heard_at_once(desk, phone, lin):
    url = show(desk)
    scan(phone, url)
    assert phone.post(f"{url}decline/").status_code == 302
    assert QRLogin.objects.get().status == QRStatus.DECLINED
    assert "data-digits" not in poll(desk).content.decode()
    confirm(phone, lin, url)
    assert poll(desk).status_code == 200 and who(desk) is None


def test_a_session_alone_approves_nothing(desk, phone, lin):
    url = show(desk)
    scan(phone, url)
    assert phone.post(f"{url}approve/", {"digits": digits()}).status_code == 403
    assert QRLogin.objects.get().status == QRStatus.SCANNED


def test_a_computer_in_another_country_takes_a_strong_proof(phone, lin):
    desk = Client(REMOTE_ADDR=FAR)
    url = show(desk)
    scan(phone, url)
    assert confirm(phone, lin, url).status_code == 403
    assert QRLogin.objects.get().status == QRStatus.SCANNED
    assert confirm(phone, lin, url, act="qr_abroad").status_code == 302


def test_a_new_device_and_a_limited_account_let_nobody_in(desk, phone, lin):
    Device.objects.update(created_at=clock.now())
    url = show(desk)
    assert b"digits" not in scan(phone, url).content.split(b"<form", 2)[-1]
    assert confirm(phone, lin, url).status_code == 403
    Device.objects.update(created_at=clock.now() - timedelta(days=3))
    User.objects.update(standing=Standing.LIMITED)
    assert confirm(phone, lin, url).status_code == 403 and QRLogin.objects.get().status == QRStatus.SCANNED


def test_asvs_6_6_4_nobody_is_worn_down(lin):
    now = clock.now()
    for _time in range(3):
        qr.ask(session_key="x", seen=qr.Seen(ip="10.0.0.1"), user_id=lin.pk, now=now)
    for _time in range(2):
        with pytest.raises(TooMany):
            qr.ask(session_key="x", seen=qr.Seen(ip="10.0.0.1"), user_id=lin.pk, now=now)
    assert QRLogin.objects.count() == 3


def test_an_address_asks_twenty_times_an_hour():
    for _time in range(20):
        qr.ask(session_key="x", seen=qr.Seen(ip="10.0.0.1"), now=clock.now())
    with pytest.raises(TooMany):
        qr.ask(session_key="x", seen=qr.Seen(ip="10.0.0.1"), now=clock.now())


@pytest.mark.parametrize("token", ["x", "0" * 64, "g" * 64, "a" * 5000, "\u202e", "0" * 32])
def test_made_up_codes_are_nothing(phone, token):
    assert phone.get(f"/accounts/qr/{token}/").status_code == 404
    with pytest.raises(NotFound):
        qr.find(token)


def test_what_nobody_answers_expires(desk):
    show(desk)
    qr.expire_due([str(QRLogin.objects.get().pk)], clock.now() + timedelta(seconds=121))
    assert QRLogin.objects.get().status == QRStatus.EXPIRED


@pytest.mark.parametrize("is_locked", [False, True])
def test_another_device_lets_a_new_one_in_and_is_asked_before_a_code_is_sent(phone, lin, is_locked):
    User.objects.update(device_lock=is_locked)
    texts = OutgoingMessage.objects.count()
    new = Client(REMOTE_ADDR=HOME)
    assert new.post("/accounts/login/", {"login": PHONE, "password": PASSWORD}).url == "/accounts/device/"
    page = new.get("/accounts/device/")
    assert page.context["channel"] == "" and page.context["has_devices"] and page.context["can_send"] != is_locked
    assert OutgoingMessage.objects.count() == texts
    settle()
    asked = new.get("/accounts/device/").context["asked"]
    row, token = phone.get("/me/devices/").context["asking"][0]
    assert row == asked and lin.notices.filter(kind="account.device_asks").exists()
    stranger = Client()
    stranger.force_login(UserFactory())
    assert stranger.get(f"/accounts/qr/{token}/").status_code == 404
    new.post("/accounts/device/", {"action": "look"}, **HTMX)
    assert who(new) is None
    prove(phone, lin, Act("qr", target=str(asked.pk)))
    assert phone.post(f"/accounts/qr/{token}/approve/", {"digits": asked.digits}).status_code == 302
    answer = new.post("/accounts/device/", {"action": "look"}, **HTMX)
    assert answer["HX-Redirect"] == "/" and who(new) == str(lin.pk)
    assert Device.objects.filter(user=lin, verified_by="device").count() == 1


def at_the_check() -> Client:
    """A new browser after name and password."""
    new = Client(REMOTE_ADDR=HOME)
    new.post("/accounts/login/", {"login": PHONE, "password": PASSWORD})
    return new


def test_who_does_not_have_the_other_device_at_hand_has_a_code_sent(phone, lin):
    new = at_the_check()
    new.post("/accounts/device/", {"action": "resend"})
    assert new.get("/accounts/device/").context["channel"] == "sms"
    assert new.post("/accounts/device/", {"code": code_to(PHONE)}).url == "/" and who(new) == str(lin.pk)


def test_a_device_that_lies_in_a_drawer_is_not_waited_for(phone, lin):
    Device.objects.update(last_seen_at=clock.now() - timedelta(days=31))
    page = at_the_check().get("/accounts/device/")
    assert page.context["channel"] == "sms" and page.context["has_devices"], "it may still be asked"


def test_a_code_is_sent_once_the_other_devices_were_asked_too_often(phone, lin):
    assert [at_the_check().get("/accounts/device/").context["channel"] for _try in range(4)] == ["", "", "", "sms"]


def test_an_app_which_shows_no_digits_gets_a_code(phone, lin):
    texts = OutgoingMessage.objects.count()
    sent = {"phone": PHONE, "password": PASSWORD}
    answer = Client(REMOTE_ADDR=HOME).post("/api/v1/auth/login/", sent, content_type="application/json")
    assert answer.status_code == 401, answer.content
    assert not QRLogin.objects.exists() and OutgoingMessage.objects.count() == texts + 1


def test_the_lock_goes_on_by_a_click_and_off_with_a_proof(phone, lin):
    phone.post("/me/devices/lock/", {"on": "1"})
    assert User.objects.get(pk=lin.pk).device_lock
    assert phone.post("/me/devices/lock/", {"on": "0"}).status_code == 403
    prove(phone, lin, Act("device_lock"))
    phone.post("/me/devices/lock/", {"on": "0"})
    assert not User.objects.get(pk=lin.pk).device_lock


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_many_polls_at_once_one_takes_the_approval():
    """Seen red on PostgreSQL with the state read and written instead of compared and set: six polls took it."""
    user, now = UserFactory(), clock.now()
    row = qr.ask(session_key="k", seen=qr.Seen(ip="10.0.0.1"), now=now)
    qr.scan(row=row, user_id=user.pk, now=now)
    QRLogin.objects.filter(pk=row.pk).update(status=QRStatus.APPROVED)
    start, taken = threading.Barrier(8), []

    def take() -> None:
        mine = QRLogin.objects.get(pk=row.pk)
        start.wait()
        try:
            qr.use(row=mine, now=now)
            taken.append(1)
        except DomainError:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=take) for _turn in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 1


@pytest.mark.parametrize("typed", ["４２", "é", "²³", "٣٤"])
def test_digits_that_are_no_digits_of_ours_are_wrong_digits(desk, phone, lin, typed):
    url = show(desk)
    prove(phone, lin, Act("qr", target=str(QRLogin.objects.get().pk)))
    assert scan(phone, url).status_code == 200
    assert phone.post(f"{url}approve/", {"digits": typed}).status_code == 400
    assert QRLogin.objects.get().status == QRStatus.SCANNED


@pytest.mark.parametrize("looks", ["²", "٣", "9" * 5000, "-1", "x"])
def test_a_count_of_looks_that_is_none_begins_anew(desk, phone, looks):
    show(desk)
    assert poll(desk, data={"looks": looks}).status_code == 200


@pytest.mark.parametrize("looks", ["²", "٣", "9" * 5000])
def test_a_new_device_that_counts_its_looks_wrongly_goes_on_waiting(phone, lin, looks):
    new = Client(REMOTE_ADDR=HOME)
    new.post("/accounts/login/", {"login": PHONE, "password": PASSWORD})
    new.post("/accounts/device/", {"action": "ask"})
    assert new.post("/accounts/device/", {"action": "look", "looks": looks}, **HTMX).status_code == 200
