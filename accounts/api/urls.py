"""API addresses of this app. Of allauth's headless addresses these alone are there, and for apps alone."""

from __future__ import annotations

from django.urls import URLPattern, path
from rest_framework.views import APIView

from accounts.api import me, sign_in, step_up
from core.guards import named

ENTRANCE: dict[str, type[APIView]] = {
    "session": sign_in.AppSession,
    "signup": sign_in.SignUp,
    "login": sign_in.ByPassword,
    "code/request": sign_in.RequestCode,
    "code/confirm": sign_in.ConfirmCode,
    "code/resend": sign_in.ResendCode,
    "factor": sign_in.ProveFactor,
    "device": sign_in.ProveDevice,
    "device/resend": sign_in.ResendDevice,
    "phone/verify": sign_in.VerifyPhone,
    "phone/verify/resend": sign_in.ResendPhone,
    "email/verify": sign_in.VerifyEmail,
    "email/verify/resend": sign_in.ResendEmail,
    "password/request": sign_in.RequestReset,
    "password/reset": sign_in.ResetPassword,
}

urlpatterns: list[URLPattern] = [
    *(path(f"auth/{step}/", named(view.as_view(), "public")) for step, view in ENTRANCE.items()),
    path("step-up/", named(step_up.StepUp.as_view(), "member")),
    path("step-up/<uuid:pk>/", named(step_up.StepUpAnswer.as_view(), "member")),
    path("me/", named(me.Me.as_view(), "member")),
    path("me/addresses/", named(me.Addresses.as_view(), "member")),
    path("me/addresses/<uuid:pk>/", named(me.AddressById.as_view(), "member")),
    path("regions/", named(me.Regions.as_view(), "public")),
]
