"""
Every page of the site as everybody who may see it, in both languages and both schemes: axe finds nothing.

Neither does the browser: no error in its console, no violated policy, nothing wider than a phone. The pages come from
``tests/browser/seeded.py``; an address that is not walked must be listed here with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest
from django.urls import get_resolver, resolve, reverse

from core.money import Money
from demo.people import PASSWORD
from tests.architecture.test_urls import doors, guard_of
from tests.browser.site import Site
from tests.browser.walker import LOCALES, Walker

URLS = "tests.browser.site_urls"
ROLES = ("buyer", "merchant", "mediator", "anonymous", "sandbox")  # the longest way first
NO_PAGE = {
    r"api/v1/docs/": "drawn by Swagger UI, whose own faults we cannot mend: contrast, headings, nested buttons",
    r"api/v1/(?!docs/).*": "answers machines",
    r"healthz|readyz": "answers machines",
    r"webhooks/.*|sandbox/(bank|carrier)/api/.*": "answers machines, which sign",
    r"admin/.*": "Django's own pages, for superusers",
    r".*\.(csv|xlsx|json|py|zip)": "a file",
    r"accounts/qr/<str:token>/.*": "opened by a phone once a computer has asked: tests/accounts/test_qr.py",
    r"sandbox/pay/<slug:dialect>/.*": "the payer's page at each provider; test_real_parts pays there",
    r"cases/evidence/.*|parcels/photos/.*|\^media/.*": "a picture",
    r"(merchant|console)/documents/<uuid:pk>/file/": "a sealed document, sent as a file",
    r"pay/<uuid:pk>/status/|me/regions/": "a part of a page; the page it is of is walked",
    r"accounts/passkey/|me/security/passkeys/add/|accounts/2fa/authenticate/": "test_passkeys looks at it",
    r"accounts/(weixin|qq|google)/login/callback/": "leads to a page that is walked, where it is set up",
    r"pay/<uuid:pk>/return/|me/inbox/<uuid:notice_id>/|console/search/|language/": "leads to a page that is walked",
}
# Shown only to who has taken a step before; walked by the tests below.
STEPS = (
    "account_confirm_login_code", "account_email_verification_sent", "account_verify_phone", "account_email",
    "account_change_phone", "account_confirm_password_reset_code", "account_complete_password_reset",
    "account_password_reset_completed", "account_change_password", "account_set_password", "device_check",
    "accounts:factor-app",
)  # fmt: skip
NEW = "quiet-kettles-9-rivers"
FORM = "main form[method=post]:not([action$='/parse/'])"
CODE = re.compile(r"\b\d{6}\b")


@pytest.fixture(params=LOCALES)
def walker(request, browser, site) -> Iterator[Walker]:
    walker = Walker(browser, site, language=request.param)
    yield walker
    walker.leave()
    assert not walker.complaints, "\n".join(walker.complaints)


@pytest.mark.parametrize("role", ROLES)
def test_nothing_is_wrong_with_any_page(walker, site, role):
    for key, path in site.pages[role]:
        walker.be(key)
        walker.open(path)


def test_nothing_is_wrong_on_the_way_in(walker):
    """A code to sign in, both sign-ups, a new password, and the pages that ask for the password first."""
    name = f"walker-{walker.language}"
    walker.be("")
    walker.open(reverse("account_request_login_code"))
    walker.send(FORM, login="lin.xiao@example.com")
    assert walker.path == reverse("account_confirm_login_code")
    walker.send(FORM, code="000000")
    walker.be("")
    walker.open(reverse("account_signup") + "?by=email")
    walker.send(FORM, email=f"{name}@example.com", password1=NEW)
    assert walker.path == reverse("account_email_verification_sent")
    walker.be("")
    walker.open(reverse("account_signup"))
    walker.send(FORM, phone="1390000001" + str(list(LOCALES).index(walker.language)))
    assert walker.path == reverse("account_verify_phone")


def test_nothing_is_wrong_with_a_forgotten_password(walker, site):
    person = f"forgets.{walker.language}@example.com"
    walker.be("")
    walker.open(reverse("account_reset_password"))
    walker.send(FORM, email=person)
    assert walker.path == reverse("account_confirm_password_reset_code")
    walker.send(FORM, code=last_code(site, person))
    assert walker.path == reverse("account_complete_password_reset")
    walker.send(FORM, password1=NEW, password2=NEW)
    assert walker.path == reverse("account_password_reset_completed")


def last_code(site: Site, to: str) -> str:
    """The newest code that the sandbox's outbox holds for somebody."""
    answer = httpx.get(site.base + reverse("sandbox:outbox"), params={"to": to}, headers={"Accept": "application/json"})
    return CODE.findall(answer.json()["messages"][0]["body"])[0]


def test_nothing_is_wrong_behind_the_password(walker, site):
    """
    The page that asks who is there, and what comes after. Codes go out once a minute: each language is another person,
    one of the demo's own, who have a phone and a password.
    """
    role = ("merchant", "buyer")[list(LOCALES).index(walker.language)]
    walker.be(site.pages[role][0][0])
    walker.page.goto(reverse("account_change_phone"))
    walker.look()
    walker.status = 403  # not before it is known who is there
    walker.page.click("main form button[name=step_up_way]")
    walker.look()
    walker.send(FORM, step_up_password=PASSWORD, step_up_code=last_code(site, ""))
    assert walker.path == reverse("account_change_phone")


MISTAKES = {
    "anonymous": ("account_login", "account_signup", "account_request_login_code"),
    "buyer": ("accounts:address-new", "disputes:case-new"),
    "merchant": ("merchant:product-new", "merchant:shipping", "logistics:scan"),
    "mediator": ("console:rule",),
}  # fmt: skip


@pytest.mark.parametrize("role", MISTAKES)
def test_nothing_is_wrong_with_a_form_that_is_refused(walker, site, role):
    """Each is sent as it stands, empty."""
    for name in MISTAKES[role]:
        key, path = next(
            (key, path) for key, path in site.pages[role] if resolve(path.partition("?")[0], URLS).view_name == name
        )
        walker.be(key)
        walker.page.goto(path)
        walker.send(FORM, status=0)


def test_nothing_is_wrong_with_the_preview_of_a_ruling(walker, site):
    key, path = next((key, path) for key, path in site.pages["mediator"] if path.endswith("/rule/"))
    walker.be(key)
    walker.open(path)
    held = Money(int(walker.page.locator("[data-total]").get_attribute("data-total"))).digits
    typed = {"fault": "merchant", "article": "3.2", "reasons": "The pictures show where the crack is."}
    walker.send(FORM, refund="0.00", release=held, **typed)
    assert walker.page.locator("button[value=sign]").count() == 1


def walked(site: Site) -> set[str]:
    paths = [path.partition("?")[0] for rows in site.pages.values() for _, path in rows]
    return {resolve(path, URLS).route for path in [*paths, *map(reverse, STEPS)]}


def answers_get(site: Site, route: str, guard: str) -> bool:
    """Whether a door opens at all when it is looked at; its guard comes before its method."""
    role = guard if guard in site.pages else "buyer"
    session = next((site.sessions[key] for key, _ in site.pages[role] if key), "")
    path = re.sub(r"<(?:(\w+):)?\w+>", lambda found: "1" if found[1] == "int" else str(uuid4()), route)
    return httpx.get(f"{site.base}/{path}", cookies={"session": session}).status_code != 405


def test_every_address_is_walked_or_has_its_reason(site):
    seen, unknown, idle = walked(site), [], set(NO_PAGE)
    for route, view in doors(get_resolver(URLS)):
        rules = {rule for rule in NO_PAGE if re.fullmatch(rule, route)}
        idle -= rules
        if route not in seen and not rules and answers_get(site, route, guard_of(view)):
            unknown.append(route)
    assert not unknown, "neither walked nor listed:\n" + "\n".join(unknown)
    assert not idle, f"listed, but there is no such address: {idle}"
