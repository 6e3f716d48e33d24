"""Coming in at a real browser, with the codes that lie in the outbox of the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from accounts.models import User
from tests.accounts.letters import code_to, wrong
from tests.browser.visitor import Visitor
from tests.factories.accounts import PASSWORD
from tests.stories import settle, wait

BOTH = [("zh-CN", "zh-hans"), ("en-US", "en")]  # what a browser asks for, and what a page or a member speaks
GO = "main form.stack .button-primary"
SIGN_OUT = "form[action='/accounts/logout/'] button"


def knock(me: Visitor, login: str, *, password: str = PASSWORD) -> None:
    """Name and password; what comes next is what the browser shows."""
    me.open("/accounts/login/")
    me.type(login=login, password=password)
    me.press(GO)


def give_code(me: Visitor, to: str, *, is_refused: int = 0, shot: str = "") -> None:
    """Type a wrong code first when asked, see it refused, then the right one."""
    code = code_to(to)
    if is_refused:
        me.type(code=wrong(code))
        me.press(GO, status=is_refused, shot=shot and f"{shot}-wrong")
        assert me.page.locator("main .field-bad [name=code]").count() == 1, "the refusal stands at its field"
    me.type(code=code)
    me.press(GO)


def with_an_old_device(visit: Callable[..., Visitor], name: str, who: User, *, language: str, place: str) -> Visitor:
    """Somebody's phone, signed in with a code more than a day ago: it may let others in."""
    phone = visit(name, language=language, width=390, place=place)
    knock(phone, who.phone or "")
    give_code(phone, who.phone or "")
    settle()
    wait(days=1, minutes=1)
    return phone


def is_in(me: Visitor) -> bool:
    """Whether this browser reaches what is a member's own; else the login asks, with ``?next=/me/``."""
    me.open("/me/")
    return urlsplit(me.page.url).path == "/me/"


def fields(me: Visitor) -> dict[str, tuple[str, str, str]]:
    """What a page asks for: by name, the kind of field, what a phone may fill in, which keys it shows."""
    found = me.page.evaluate(
        "[...document.querySelectorAll('main form.stack input:not([type=hidden])')]"
        ".map(one => [one.name, one.type, one.autocomplete, one.inputMode])"
    )
    return {name: (kind, filled, keys) for name, kind, filled, keys in found}
