"""Addresses of the process that plays the bank: as ever, only notices are passed on to the shop's process."""

from __future__ import annotations

import os

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from config.urls import handler404, handler500
from config.urls import urlpatterns as everything
from core import wire
from escrow.gateways.signing import HEADER

__all__ = ["handler404", "handler500", "urlpatterns"]


@csrf_exempt
def pass_on(request: HttpRequest) -> HttpResponse:
    """Hand the signed bytes on unchanged, and the shop's answer back."""
    headers = {HEADER: request.headers.get(HEADER, ""), "Content-Type": "application/json"}
    answer = wire.client().post(os.environ["BENCH_SHOP"] + request.path, content=request.body, headers=headers)
    return HttpResponse(answer.content, status=answer.status_code)


urlpatterns = [path("webhooks/payments/sandbox/", pass_on), *everything]
