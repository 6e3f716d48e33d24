"""V16: what is logged, and what never is."""

from __future__ import annotations

import json
import logging
import re
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client, RequestFactory
from django.urls import reverse

from core import logs, masking
from core.security_log import EVENTS, event
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db
log = logging.getLogger("a.part")
PLANTED = {
    "password": "Correct-Horse-77!",
    "session": "s3ss10nk3ythatmustnotbeseen00000",
    "card": "6222021234567890123",
    "visa": "4111 1111 1111 1111",
    "identity": "110101199003071234",
    "phone": "+8613912345678",
    "spaced phone": "139 1234 5678",
    "token": "tashi_9f8e7d6c5b4a39281706f5e4d3c2b1a0",
    "stripe": "sk_" + "live_51H8abcdefghijkl",
    "webhook": "whsec_abcdefghijklmnop",
    "database": "hunter2secret",
    "mail": "wang.xiaoming@example.com",
}


def test_asvs_16_2_1_a_line_says_when_where_who_and_what(client, logbook):
    user = UserFactory()
    client.force_login(user)
    answer = client.get("/console/")
    line = logbook.named("access.refused")[0]
    assert line["user_id"] == str(user.pk)
    assert line["act"].startswith("console:")
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert (line["address"], line["method"], line["path"]) == ("127.0.0.1", "GET", "/console/")
    assert line["logger"] == "security"


def test_asvs_16_2_2_times_are_utc(logbook):
    before = datetime.now(UTC)
    log.warning("now")
    said = logbook.entries()[-1]["timestamp"]
    assert said.endswith("Z")
    assert before <= datetime.fromisoformat(said) <= datetime.now(UTC)


def test_asvs_16_2_4_every_line_is_one_json_object(client, logbook):
    client.get("/nowhere/")
    client.post("/accounts/login/", {"login": "x", "password": "y"})
    try:
        raise ValueError("two\nlines")
    except ValueError:
        log.exception("broke %s", "here")
    assert len(logbook.lines) >= 2
    for line in logbook.lines:
        assert len(line.splitlines()) == 1
        assert {"event", "level", "logger", "timestamp"} <= set(json.loads(line))


@pytest.mark.parametrize("secret", PLANTED.values(), ids=PLANTED)
def test_asvs_16_2_5_secrets_are_masked_in_messages_facts_and_traces(secret, logbook):
    told = {
        PLANTED["password"]: f"password={secret}",
        PLANTED["session"]: f"Cookie: sessionid={secret}; a=b",
        PLANTED["database"]: f"postgres://tashi:{secret}@db/tashi",
    }.get(secret, f"it was {secret} that came")
    log.warning("%s", told)
    log.warning(told)
    log.warning("facts", extra={"facts": {"said": [told, {"deep": told}], "password": secret, "card_number": secret}})
    try:
        raise RuntimeError(told)
    except RuntimeError:
        log.exception("broke")
    assert secret not in logbook.text
    assert secret.replace(" ", "") not in logbook.text
    assert masking.MASK in logbook.text


@pytest.mark.parametrize(
    "harmless",
    ["26112200000012", "7d1b1f2e-0000-4000-8000-000000000000", "12800 CNY", "/c/books/", "/static/css/tashi.0ab1.css",
     "2026-11-28T18:23:29.413803Z", "status_code 404", "SF1234567890123", "sms to 138••••78, 42 characters"],
)  # fmt: skip
def test_what_one_searches_a_log_for_stays_readable(harmless):
    assert masking.mask_text(harmless) == harmless


def test_asvs_16_2_5_a_whole_visit_leaves_no_secret_in_the_logs(scene, logbook):
    """Sign-up, sign-in, reset, API, uploads and a crash with planted secrets in every place one can type into."""
    secrets = {"password": "Zq9-planted-word", "phone": "13900001111", "card": "6222021234567890123", "code": "918273"}
    visitor = Client(raise_request_exception=False)
    visitor.get("/accounts/login/", {"next": "/me/", "token": "tok-planted-in-a-query"})
    for path in ("/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/accounts/login/code/"):
        visitor.post(path, {"login": secrets["phone"], "phone": secrets["phone"], "email": "planted.mail@example.com",
                            "password": secrets["password"], "password1": secrets["password"]})  # fmt: skip
    visitor.post("/accounts/login/code/confirm/", {"code": secrets["code"]})
    visitor.get("/accounts/password/reset/key/x1-planted0key0of0a0reset0link0000/")
    headers = {"authorization": "Token planted-token-of-a-store-000000", "x-session-token": "planted-session-token"}
    visitor.get("/api/v1/merchant/orders/", headers=headers)
    visitor.post("/api/v1/auth/login/", json.dumps({"phone": secrets["phone"], "password": secrets["password"]}),
                 content_type="application/json")  # fmt: skip
    visitor.post("/webhooks/carriers/sandbox/planted-carrier-token-123456/", "{}", content_type="application/json")
    buyer = scene.client("buyer")
    buyer.post(reverse("disputes:case-say", args=[scene.case.number]), {"say-text": f"card {secrets['card']}"})
    event("login.failed", factor="code", code=secrets["code"])
    assert logbook.lines
    for word in ("planted", "Zq9", secrets["phone"], secrets["card"], secrets["code"]):
        assert word not in logbook.text, [line for line in logbook.lines if word in line][:2]


def test_asvs_16_3_1_a_sign_in_is_told_with_its_factors_and_a_failed_one_too(client, logbook, settings):
    user = UserFactory(email="lin@example.com")
    user.set_password("A-long-password-1")
    user.save()
    form = {"login": "lin@example.com", "password": "wrong-password"}
    client.post(reverse("account_login"), form)
    failed = logbook.named("login.failed")
    assert [entry["factor"] for entry in failed] == ["password"]
    assert "wrong-password" not in logbook.text
    client.force_login(user)
    assert logbook.named("login.succeeded")[-1]["user_id"] == str(user.pk)
    assert logbook.named("login.succeeded")[-1]["factors"]
    client.post(reverse("account_logout"))
    assert logbook.named("logout")[-1]["user_id"] == str(user.pk)


@pytest.mark.parametrize("name", ["console:cases", "merchant:orders"])
def test_asvs_16_3_2_a_closed_door_is_told(scene, logbook, name):
    assert scene.client("stranger").get(reverse(name)).status_code in (302, 403, 404)
    scene.client("buyer").get(reverse("console:cases"))
    assert {entry["guard"] for entry in logbook.named("access.refused")} >= {"mediator"}


def test_asvs_16_3_2_anothers_order_is_told(scene, logbook):
    assert scene.client("stranger").get(reverse("shop:order", args=[scene.order.number])).status_code == 404
    told = logbook.named("access.refused")[-1]
    assert (told["status"], told["guard"], told["user_id"]) == (404, "member", str(scene.stranger.pk))


def test_a_page_that_is_nowhere_is_no_security_event(client, logbook):
    client.get("/nowhere/")
    assert not logbook.named("access.refused")


def test_asvs_16_3_3_what_no_honest_client_sends_is_told(logbook):
    visitor = Client(enforce_csrf_checks=True, raise_request_exception=False)
    visitor.post("/accounts/login/", {"login": "x"})
    assert logbook.named("input.refused")[-1]["why"] == "csrf"
    visitor.generic("TRACE", "/")
    visitor.get("/", headers={"host": "evil.example"})
    assert {entry["status"] for entry in logbook.named("input.refused")} >= {403, 405, 400}


def test_asvs_16_3_4_a_crash_is_told_with_its_trace(client, logbook, monkeypatch):
    monkeypatch.setattr("core.views.health.deadlines.overdue", lambda **more: 1 / 0)
    visitor = Client(raise_request_exception=False)
    answer = visitor.get("/readyz")
    assert answer.status_code == 500
    assert logbook.named("error.unexpected")[0]["request_id"] == answer.headers["X-Request-ID"]
    trace = next(entry for entry in logbook.entries() if "exception" in entry)
    assert "ZeroDivisionError" in trace["exception"]
    assert trace["request_id"] == answer.headers["X-Request-ID"]


HOSTILE = [
    'Moz\r\n{"event": "login.succeeded"}', "a\nb", "a\u2028b", "a\u2029b", "a\x85b", "a\x1b[2Jb", "a\u202eb", "a\x00b",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("kind", ["json", "line"])
def test_asvs_16_4_1_nobody_writes_a_line_of_his_own(text, kind):
    record = logging.LogRecord("a", logging.WARNING, __file__, 1, "said %s", (text,), None)
    record.facts = {text: text}
    line = logs.formatter(kind).format(record)
    assert len(line.splitlines()) == 1
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202e]", line)


def test_asvs_16_4_1_a_header_or_a_name_breaks_no_line(client, logbook):
    client.get("/console/%0d%0aforged%e2%80%a8line/", headers={"user-agent": "a\r\nforged"})
    client.force_login(UserFactory(name="Lin\r\nforged\u2028"))
    client.get("/console/")
    assert all(len(line.splitlines()) == 1 for line in logbook.lines)


def test_asvs_16_4_3_a_copy_goes_to_another_system():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
        far.bind(("127.0.0.1", 0))
        far.settimeout(5)
        handler = logs.syslog(f"udp://127.0.0.1:{far.getsockname()[1]}")
        handler.setFormatter(logs.formatter())
        handler.emit(logging.LogRecord("a", logging.WARNING, __file__, 1, "password=hunter2", (), None))
        said = far.recv(4096).decode()
        handler.close()
    assert json.loads(said.partition(">")[2])["event"] == f"password={masking.MASK}"


def test_asvs_16_4_3_over_tcp_each_line_ends():
    with socket.create_server(("127.0.0.1", 0)) as far:
        handler = logs.syslog(f"tcp://127.0.0.1:{far.getsockname()[1]}")
        handler.setFormatter(logs.formatter())
        for word in ("one", "two"):
            handler.emit(logging.LogRecord("a", logging.WARNING, __file__, 1, word, (), None))
        handler.close()
        with far.accept()[0] as line, line.makefile() as said:
            events = [json.loads(text.partition(">")[2])["event"] for text in said]
    assert events == ["one", "two"]


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "unix:/nowhere/log"])
def test_asvs_16_5_2_a_log_host_that_is_away_stops_nobody(address, capsys):
    handler = logs.syslog(address)
    handler.setFormatter(logs.formatter())
    handler.emit(logging.LogRecord("a", logging.WARNING, __file__, 1, "password=hunter2", (), None))
    handler.close()
    assert "hunter2" not in "".join(capsys.readouterr())


@pytest.mark.parametrize("address", ["/dev/log", "http://x", "udp://"])
def test_a_sink_that_is_none_is_said_at_the_start(address):
    with pytest.raises(ValueError, match="LOG_SYSLOG"):
        logs.syslog(address)


def test_asvs_16_4_3_a_file_gets_the_same_lines(tmp_path):
    target = tmp_path / "tashi.log"
    code = (
        "import django; django.setup(); import logging;"
        "logging.getLogger('x').warning('phone 13912345678', extra={'facts': {'amount': 5}})"
    )
    env = {"DJANGO_SETTINGS_MODULE": "config.settings", "LOG_FILE": str(target), "PATH": "", "IGNORE_DOTENV": "1"}
    env |= {"VAR_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env=env, cwd=settings.BASE_DIR, check=True, capture_output=True)
    line = json.loads(target.read_text())
    assert (line["event"], line["amount"]) == (f"phone 139{masking.MASK}78", 5)


def test_asvs_16_5_1_a_crash_shows_nothing_of_the_inside(monkeypatch):
    monkeypatch.setattr("core.views.health.deadlines.overdue", lambda **more: 1 / 0)
    for accept in ("text/html", "application/json"):
        page = Client(raise_request_exception=False).get("/readyz", headers={"accept": accept})
        assert page.status_code == 500
        assert b"ZeroDivision" not in page.content
        assert b"Traceback" not in page.content


def test_a_request_number_of_a_visitor_is_not_believed_and_a_proxys_is(client, settings):
    mine = {"x-request-id": "visitor-chosen-1"}
    assert client.get("/healthz", headers=mine).headers["X-Request-ID"] != "visitor-chosen-1"
    settings.BEHIND_PROXY = True
    assert client.get("/healthz", headers=mine).headers["X-Request-ID"] == "visitor-chosen-1"
    assert client.get("/healthz", headers={"x-request-id": "a b"}).headers["X-Request-ID"] != "a b"


def test_every_event_is_explained():
    page = (Path(settings.BASE_DIR) / "docs" / "security.md").read_text()
    for name in EVENTS:
        assert f"`{name}`" in page, name


def test_gunicorn_writes_the_same_format_and_no_query(monkeypatch):
    from datetime import timedelta
    from types import SimpleNamespace

    from gunicorn.config import Config  # type: ignore[import-untyped]

    from core.gunicorn_log import HouseLog

    config = Config()
    config.set("accesslog", "-")
    ours = HouseLog(config)
    lines: list[str] = []
    for handler in ours.access_log.handlers:
        monkeypatch.setattr(handler, "emit", lambda record, handler=handler: lines.append(handler.format(record)))
    asked = RequestFactory().get("/accounts/login/?token=planted", HTTP_USER_AGENT="a\r\nb").environ
    answer = SimpleNamespace(status="200 OK", headers=[("X-Request-ID", "abc")], sent=12)
    ours.access(answer, None, asked, timedelta(milliseconds=5))
    line = json.loads(lines[-1])
    assert (line["event"], line["path"], line["status"]) == ("request", "/accounts/login/", 200)
    assert line["request_id"] == "abc"
    assert "planted" not in lines[-1]
