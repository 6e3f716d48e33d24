"""The stock admin: superusers only, behind our own sign-in with its limits. People are read here, not made."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.models import User
from core.guards import public, to_login


def only_superusers(request: HttpRequest) -> bool:
    return request.user.is_active and request.user.is_superuser


@public
def our_sign_in(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    """Instead of the admin's own page, which knows no limit to guessing. For others there is no admin."""
    if not request.user.is_authenticated:
        return to_login(request)
    if not only_superusers(request):
        raise Http404
    return redirect("admin:index")


@public
def our_password_change(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    """Instead of the admin's own page, which asks for the old password alone and tells nobody."""
    return redirect("account_change_password")


admin.site.has_permission = only_superusers  # type: ignore[method-assign]
admin.site.login = our_sign_in  # type: ignore[method-assign,assignment]
admin.site.password_change = our_password_change  # type: ignore[method-assign,assignment]


# Rows here would open accounts or switch their second factor off behind their owners' backs.
for model in (Authenticator, SocialAccount, SocialApp, SocialToken):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(User)
class UserAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("display_name", "email", "phone", "language", "is_mediator", "is_staff", "is_active", "date_joined")
    list_filter = ("is_mediator", "is_staff", "is_active", "language")
    search_fields = ("email", "phone", "name")
    fields = ("email", "phone", "name", "language", "is_mediator", "is_staff", "is_active", "date_joined", "last_login")
    readonly_fields = ("email", "phone", "date_joined", "last_login")
    ordering = ("-date_joined",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
