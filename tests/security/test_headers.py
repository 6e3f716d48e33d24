"""V3, V4, V14: headers and cookies of every kind of answer, in production as the settings make it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import reverse

from tests.walk.scene import Scene
from tests.walk.test_every_url import doors_of

pytestmark = pytest.mark.django_db
EVERYWHERE = ("x-content-type-options", "referrer-policy", "cross-origin-opener-policy", "cross-origin-resource-policy",
              "permissions-policy", "content-security-policy", "x-request-id")  # fmt: skip
ROOT = Path(settings.BASE_DIR)


def answers_of_all_kinds(scene: Scene) -> dict[str, Any]:
    """One of each: who makes an answer decides which middleware it has passed."""
    visitor = Client(raise_request_exception=False, enforce_csrf_checks=True)
    buyer = scene.client("buyer")
    return {
        "page": visitor.get("/"),
        "own page": buyer.get("/orders/"),
        "redirect": visitor.get("/me/"),
        "nowhere": visitor.get("/nowhere/"),
        "csrf": visitor.post("/accounts/login/", {}),
        "trace": visitor.generic("TRACE", "/"),
        "foreign host": visitor.get("/", headers={"host": "evil.example"}),
        "too large": visitor.post("/cart/add/", "x", content_type="text/plain", CONTENT_LENGTH=str(2**30)),
        "api": visitor.get("/api/v1/products/"),
        "api refused": visitor.get("/api/v1/me/"),
        "notice": visitor.post("/webhooks/payments/sandbox/", "{}", content_type="application/json"),
        "health": visitor.get("/healthz"),
        "evidence": buyer.get(reverse("disputes:evidence-file", args=[scene.evidence])),
        "admin": visitor.get("/admin/"),
    }


@pytest.mark.parametrize("header", EVERYWHERE)
def test_asvs_3_4_every_answer_carries_it(scene, header):
    bare = [kind for kind, answer in answers_of_all_kinds(scene).items() if header not in answer.headers]
    assert not bare


def policy_of(answer: HttpResponse) -> dict[str, str]:
    parts = [part.strip().partition(" ") for part in answer.headers["Content-Security-Policy"].split(";")]
    return {name: value for name, _blank, value in parts if name}


def test_asvs_3_4_3_scripts_come_from_files_of_ours_alone(scene):
    for kind, answer in answers_of_all_kinds(scene).items():
        policy = policy_of(answer)
        if kind == "evidence":
            assert "sandbox" in policy
            continue
        assert policy["default-src"] == policy["object-src"] == policy["base-uri"] == "'none'", kind
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'", kind
        assert not re.search(r"unsafe|\*|https?:|data:", policy["script-src"] + policy["style-src"])


def test_asvs_3_4_6_nobody_frames_us(client):
    answer = client.get("/accounts/login/")
    assert policy_of(answer)["frame-ancestors"] == "'none'"
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_asvs_3_4_4_5_8_the_rest_says_what_it_should(client):
    headers = client.get("/").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    for feature in ("camera", "microphone", "geolocation", "payment", "usb"):
        assert f"{feature}=()" in headers["Permissions-Policy"]


def test_asvs_3_4_2_no_other_site_may_read(scene):
    asked = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    for path in ("/", "/api/v1/products/", "/api/v1/cart/"):
        for client in (Client(), scene.client("buyer")):
            for answer in (client.get(path, headers=asked), client.options(path, headers=asked)):
                assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


def test_asvs_4_1_1_every_text_names_its_letters(scene):
    for kind, answer in answers_of_all_kinds(scene).items():
        said = answer.headers.get("Content-Type", "")
        if answer.streaming or answer.content:
            assert said in ("application/json", "image/webp") or "charset=utf-8" in said, (kind, said)


WANTED = """
SESSION_COOKIE_NAME CSRF_COOKIE_NAME LANGUAGE_COOKIE_NAME SESSION_COOKIE_SECURE CSRF_COOKIE_SECURE
LANGUAGE_COOKIE_SECURE SESSION_COOKIE_HTTPONLY CSRF_COOKIE_HTTPONLY LANGUAGE_COOKIE_HTTPONLY SESSION_COOKIE_SAMESITE
CSRF_COOKIE_SAMESITE LANGUAGE_COOKIE_SAMESITE SECURE_HSTS_SECONDS SECURE_HSTS_INCLUDE_SUBDOMAINS SECURE_HSTS_PRELOAD
SECURE_SSL_REDIRECT DEBUG MESSAGE_STORAGE USE_X_FORWARDED_HOST SESSION_COOKIE_DOMAIN CSRF_COOKIE_DOMAIN ALLOWED_HOSTS
MEDIA_URL MEDIA_HOST SECURE_PROXY_SSL_HEADER CONTENT_SECURITY_POLICY SECURE_REDIRECT_EXEMPT
"""


def production(**more: str) -> dict[str, Any]:
    """The settings a production would have, read by a Python of its own."""
    from tooling.checking import production_like, production_parts

    code = (
        "import json; from config import settings as s;"
        f"print(json.dumps({{n: getattr(s, n, None) for n in {WANTED.split()}}}))"
    )
    env = {**os.environ, **production_like(), **production_parts(), **more}
    out = subprocess.run([sys.executable, "-c", code], env=env, cwd=ROOT, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(out.stdout)
    return found


@pytest.fixture(scope="module")
def real(tmp_path_factory) -> dict[str, Any]:
    return production(VAR_DIR=str(tmp_path_factory.mktemp("var")))


def test_asvs_3_3_1_2_3_4_cookies_are_bound_to_this_host_and_closed_to_scripts(real):
    for cookie in ("SESSION", "CSRF", "LANGUAGE"):
        assert real[f"{cookie}_COOKIE_NAME"].startswith("__Host-")
        assert real[f"{cookie}_COOKIE_SECURE"] is True
        assert real[f"{cookie}_COOKIE_HTTPONLY"] is True
        assert real[f"{cookie}_COOKIE_SAMESITE"] in ("Lax", "Strict")
        assert not real.get(f"{cookie}_COOKIE_DOMAIN")
    assert "session" in real["MESSAGE_STORAGE"], "the cookie of messages would have no prefix"


def test_asvs_3_3_no_cookie_is_set_in_another_way():
    """Whoever sets a cookie by hand must give it all four: the places are few, and each is looked at here."""
    known = {"accounts/languages.py"}
    found = {
        str(file.relative_to(ROOT))
        for app in ("core", "accounts", "shop", "escrow", "logistics", "disputes", "flows", "config", "demo")
        for file in (ROOT / app).rglob("*.py")
        if "set_cookie(" in (text := file.read_text())
        and not all(word in text for word in ("secure=", "httponly=", "samesite="))
    }
    assert not found, f"a cookie without secure, httponly or samesite: {found - known}"


def test_asvs_3_3_the_cookies_a_visitor_really_gets(client):
    client.get("/accounts/login/")
    client.post("/language/", {"language": "en", "next": "/"})
    for name, cookie in client.cookies.items():
        assert cookie["httponly"], name
        assert cookie["samesite"] in ("Lax", "Strict"), name
        assert cookie["path"] == "/"
        assert not cookie["domain"]


def test_asvs_3_4_1_encryption_is_remembered_for_a_year(real, client):
    assert real["SECURE_HSTS_SECONDS"] >= 31_536_000
    assert real["SECURE_HSTS_INCLUDE_SUBDOMAINS"]
    assert real["SECURE_HSTS_PRELOAD"]
    with override_settings(
        SECURE_HSTS_SECONDS=real["SECURE_HSTS_SECONDS"], SECURE_HSTS_INCLUDE_SUBDOMAINS=True, SECURE_HSTS_PRELOAD=True
    ):
        said = Client().get("/", secure=True).headers["Strict-Transport-Security"]
    assert said == "max-age=31536000; includeSubDomains; preload"


def test_asvs_3_5_3_nothing_changes_by_looking(scene):
    """Every address asked by GET as its owner: no row is written, but that a notice is read, and who looked."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    allowed = ("django_session", "cache", "accounts_notice", "core_auditentry")
    written: list[str] = []
    clients = {person: scene.client(person) for person in ("buyer", "merchant", "mediator")}
    for door in doors_of(scene):
        if door.path.startswith(("/sandbox/", "/accounts/", "/admin/", "/api/v1/auth")):
            continue
        for person, client in clients.items():
            with CaptureQueriesContext(connection) as asked:
                client.get(door.path)
            for query in asked:
                hit = re.match(r'(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"', query["sql"])
                if hit and not hit[1].startswith(allowed):
                    written.append(f"{door.route} as {person}: {query['sql'][:90]}")
    assert not written, "\n".join(sorted(set(written)))


def test_asvs_3_7_2_we_send_nobody_elsewhere(client):
    for start in ("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "https:evil"):
        answer = client.post("/language/", {"language": "en", "next": start})
        assert "evil" not in answer.headers.get("Location", "")
        page = client.get("/accounts/login/", {"next": start})
        assert page.status_code == 200


def test_asvs_3_7_3_no_page_turns_a_members_words_into_a_link():
    """Text never becomes a link, so nobody is led away by a message; the sandbox shows our own letters."""
    makers = re.compile(r"\|\s*(?:urlize|urlizetrunc|safe)\b|autoescape off")
    found = {
        str(file.relative_to(ROOT / "templates"))
        for file in (ROOT / "templates").rglob("*.html")
        if makers.search(file.read_text())
    }
    assert found <= {"sandbox/outbox.html"}


def test_asvs_3_7_3_links_that_leave_the_site_are_the_operators_own():
    away = re.compile(r'href="(https?://[^"{]+)')
    found = {hit for file in (ROOT / "templates").rglob("*.html") for hit in away.findall(file.read_text())}
    assert {re.sub(r"^https?://([^/]+).*", r"\1", link) for link in found} <= {"beian.miit.gov.cn", "beian.mps.gov.cn"}


def test_asvs_3_7_3_a_stored_link_is_written_out_on_the_page_that_warns_and_nowhere_else():
    """A product's manual is the one address of a member's making; everything else leads to the page before it."""
    straight = re.compile(r'href="\{\{\s*(?:link|[\w.]*manual_url)\s*[|}]')
    found = {
        str(file.relative_to(ROOT / "templates"))
        for file in (ROOT / "templates").rglob("*.html")
        if straight.search(file.read_text())
    }
    assert found == {"shop/leaving.html"}


def test_asvs_4_1_2_machines_are_refused_over_plain_http_and_pages_sent_on(settings):
    settings.SECURE_SSL_REDIRECT = True
    visitor = Client()
    assert visitor.get("/orders/").status_code == 301
    for path in ("/api/v1/products/", "/webhooks/payments/sandbox/", "/webhooks/carriers/sandbox/x/"):
        for method in (visitor.get, visitor.post):
            answer = method(path, headers={"authorization": "Token x"})
            assert (answer.status_code, answer.json()["code"]) == (403, "https_required")
    assert visitor.get("/healthz").status_code == 200
    assert visitor.get("/api/v1/products/", secure=True).status_code == 200


def test_asvs_4_1_3_what_a_visitor_says_of_himself_is_not_believed(rf, real, settings):
    from core.limits import address_of

    lies = {"HTTP_X_FORWARDED_FOR": "1.2.3.4", "HTTP_X_REAL_IP": "1.2.3.4", "HTTP_FORWARDED": "for=1.2.3.4",
            "HTTP_X_FORWARDED_HOST": "evil.example", "HTTP_TRUE_CLIENT_IP": "1.2.3.4"}  # fmt: skip
    request = rf.get("/", **lies)
    assert address_of(request) == "127.0.0.1"
    assert request.get_host() == "testserver"
    assert not request.is_secure()
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert address_of(rf.get("/", HTTP_X_FORWARDED_FOR="1.2.3.4, 9.9.9.9")) == "9.9.9.9"
    assert not real["USE_X_FORWARDED_HOST"]
    assert production(BEHIND_PROXY="0")["SECURE_PROXY_SSL_HEADER"] is None


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT"])
@pytest.mark.parametrize("path", ["/", "/api/v1/products/", "/static/x.css", "/webhooks/payments/sandbox/"])
def test_asvs_13_4_4_nothing_is_echoed(method, path):
    answer = Client().generic(method, path, headers={"cookie": "secret=1"})
    assert answer.status_code == 405
    assert b"secret" not in answer.content


def test_asvs_14_3_1_signing_out_clears_the_browser(client):
    from tests.factories.accounts import UserFactory

    client.force_login(UserFactory())
    answer = client.post(reverse("account_logout"))
    assert answer.status_code == 302
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "Clear-Site-Data" not in client.get("/").headers


def test_asvs_14_3_2_and_14_2_2_own_pages_are_kept_by_nobody(scene):
    own = {"member": "buyer", "merchant": "merchant", "mediator": "mediator"}
    kept = []
    for door in doors_of(scene):
        if door.guard in own:
            answer = scene.client(own[door.guard]).get(door.path)
            if "no-store" not in answer.headers.get("Cache-Control", ""):
                kept.append(f"/{door.route}: {answer.headers.get('Cache-Control')}")
    assert not kept, "\n".join(kept)


def test_asvs_14_3_2_the_answer_that_starts_a_session_is_kept_by_nobody(client):
    from tests.factories.shop import ProductFactory

    variant = ProductFactory().variants.get()
    answer = client.post(reverse("shop:cart-add"), {"variant": str(variant.pk), "quantity": "1"})
    assert settings.SESSION_COOKIE_NAME in answer.cookies
    assert "no-store" in answer.headers["Cache-Control"]


def test_asvs_3_5_4_pictures_may_live_on_a_host_of_their_own(settings):
    settings.MEDIA_HOST = "media.testserver"
    settings.ALLOWED_HOSTS = ["testserver", "media.testserver"]
    name = default_storage.save("products/one.webp", ContentFile((ROOT / "tests/data/broken.webp").read_bytes()))
    try:
        there, here = {"host": "media.testserver"}, {"host": "testserver"}
        picture = Client().get(f"/media/{name}", headers=there)
        assert picture.status_code == 200
        assert picture.headers["Cross-Origin-Resource-Policy"] == "same-site"
        assert not picture.cookies
        assert Client().get(f"/media/{name}", headers=here).status_code == 404
        for path in ("/", "/accounts/login/", "/api/v1/products/", "/admin/", "/static/x.css"):
            assert Client().get(path, headers=there).status_code == 404
    finally:
        default_storage.delete(name)


def test_asvs_3_5_4_the_settings_of_a_media_host(tmp_path):
    found = production(MEDIA_HOST="media.shop.example", VAR_DIR=str(tmp_path))
    assert found["MEDIA_URL"] == "https://media.shop.example/media/"
    assert "media.shop.example" in found["ALLOWED_HOSTS"]
    assert "https://media.shop.example" in found["CONTENT_SECURITY_POLICY"]["DIRECTIVES"]["img-src"]
