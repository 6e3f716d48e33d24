"""Every door declares who may open it, by one of the guards of the house."""

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404
from django.urls import URLPattern, URLResolver, get_resolver

from core.doors import all_doors

GUARDS = {"public", "member", "merchant", "applicant", "mediator", "staff", "signed", "sandbox"}
# Doors that came with a library, by the module of their view, and who guards them.
LIBRARIES = {
    "allauth.": "public or member: the library asks itself",
    "django.contrib.admin.": "staff: superusers, behind the admin's own check",
    "django.contrib.contenttypes.": "staff: part of the admin",
    "django.contrib.staticfiles.": "public",
    "django.views.static": "public: uploads, in the sandbox alone",
    "django.views.i18n": "public: the language switch",
    "django.views.generic.base": "public: a redirect",
    "drf_spectacular.": "public: the description of the API",
    "rest_framework.": "public",
}


def doors(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from doors(pattern, path)
        elif isinstance(pattern, URLPattern):
            yield path, pattern.callback


def guard_of(view: Any) -> str:
    """Return the guard a view declares, itself or through its class."""
    for holder in (view, getattr(view, "view_class", None), getattr(view, "cls", None)):
        if declared := getattr(holder, "guard", ""):
            return str(declared)
    return ""


def library_of(view: Any) -> str:
    holder = getattr(view, "view_class", None) or getattr(view, "cls", None) or view
    origin = getattr(holder, "__module__", "")
    wrapped = getattr(getattr(view, "__wrapped__", None), "__module__", "")
    return next((name for name in LIBRARIES if origin.startswith(name) or wrapped.startswith(name)), "")


def test_every_url_declares_its_guard():
    bare = [f"/{path}" for path, view in doors(get_resolver()) if not guard_of(view) and not library_of(view)]
    assert not bare, "no guard on:\n" + "\n".join(bare)


def test_every_guard_is_one_of_the_house():
    strange = {f"/{path}": guard_of(view) for path, view in doors(get_resolver())}
    assert not {path: guard for path, guard in strange.items() if guard and guard not in GUARDS}


def test_what_lies_under_a_guarded_prefix_is_guarded_so():
    """Under /merchant/ nobody but merchants, under /console/ nobody but staff, under /sandbox/ the sandbox alone."""
    # applicant: who has no store yet opens one there
    expected = {"merchant/": {"merchant", "applicant"}, "console/": {"mediator", "staff"}, "webhooks/": {"signed"}}
    expected["sandbox/"] = {"sandbox", "signed"}  # signed: the pretended bank's and carrier's own machines
    wrong = [
        f"/{path}: {guard_of(view) or 'none'}"
        for path, view in doors(get_resolver())
        for prefix, guards in expected.items()
        if path.startswith(prefix) and guard_of(view) not in guards
    ]
    assert not wrong, "\n".join(wrong)


def pretended(converter: Any) -> Any:
    return {"IntConverter": 1, "UUIDConverter": uuid.uuid4()}.get(type(converter).__name__, "x")


def sandbox_doors(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, Any, dict[str, Any]]]:
    for pattern in resolver.url_patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from sandbox_doors(pattern, path)
        elif path.startswith("sandbox/"):
            yield path, pattern.callback, {name: pretended(c) for name, c in pattern.pattern.converters.items()}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_the_sandbox_none_of_its_doors_exists(method, rf, settings):
    settings.SANDBOX = False
    paths = []
    for path, view, kwargs in sandbox_doors(get_resolver()):
        request = rf.generic(method, f"/{path}")
        request.user = AnonymousUser()
        try:
            answer = view(request, **kwargs)
        except Http404:
            paths.append(path)
        else:
            assert answer.status_code == 405, f"/{path} answers {answer.status_code}"
    assert paths


# An unknown address of the API, and the admin's two pages that lead to ours.
SAME_FOR_ALL = {"/api/v1/", "/admin/login/", "/admin/password_change/"}
METHODS_UNSAID = ("allauth.", "django.", "drf_spectacular.", "rest_framework.")  # libraries: they ask themselves


def test_every_door_says_its_methods():
    """What a door does not name is 405: none acts on a method nobody thought of. ``manage.py doors`` lists them."""
    silent = [
        door.path
        for door in all_doors()
        if not (door.methods or library_of(door.view) or door.path in SAME_FOR_ALL)
        and not getattr(door.view, "__module__", "").startswith(METHODS_UNSAID)
    ]
    assert not silent, "\n".join(silent)


def test_staff_doors_are_staffs_and_there_is_no_other_way_in():
    """The stock admin asks for a superuser at every page; its own sign-in, which knows no limit, is replaced."""
    from django.contrib import admin

    from accounts.admin import only_superusers, our_sign_in

    assert admin.site.has_permission is only_superusers
    assert admin.site.login is our_sign_in
    inside = [door for door in all_doors() if door.path.startswith("/console/")]
    assert len(inside) > 20
    assert {door.guard for door in inside} <= {"mediator", "staff"}


def test_asvs_6_3_4_of_allauths_addresses_each_is_known():
    """An update that brings new doors is noticed: they are listed here, with what they do."""
    known = {"login", "logout", "signup", "reauthenticate", "email", "confirm-email", "password", "phone", "inactive"}
    strange = {
        door.path
        for door in all_doors()
        if door.path.startswith("/accounts/")
        and getattr(door.view, "__module__", "").startswith("allauth")
        and re.split(r"[/^]", door.path)[2].strip("^") not in known | {""}
    }
    assert not {path for path in strange if not path.startswith(("/accounts/2fa/", "/accounts/3rdparty/"))}
