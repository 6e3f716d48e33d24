"""Headers, cookies and HTTPS. Everything hangs on whether ``SITE_URL`` is https."""

from __future__ import annotations

from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from config.env import SITE_URL, env
from config.people import BEHIND_PROXY, THIRD_PARTY_HOSTS

# Uploaded pictures on a host of their own (media.shop.example): nothing of the site's is within their reach there.
MEDIA_HOST = env.str("MEDIA_HOST", default="").lower()
MEDIA_URL = f"{urlsplit(SITE_URL).scheme}://{MEDIA_HOST}/media/" if MEDIA_HOST else "/media/"
_MEDIA_ORIGIN = [f"{urlsplit(SITE_URL).scheme}://{MEDIA_HOST}"] if MEDIA_HOST else []
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
ALLOWED_HOSTS += [MEDIA_HOST.partition(":")[0]] if MEDIA_HOST else []
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
HTTPS = SITE_URL.startswith("https://")
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=HTTPS)
SECURE_REDIRECT_EXEMPT = [r"^webhooks/", r"^api/", r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
DEVICE_COOKIE_NAME = "__Host-device" if HTTPS else "device"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrftoken"
LANGUAGE_COOKIE_NAME = "__Host-language" if HTTPS else "django_language"
DISMISSED_COOKIE_NAME = "__Host-dismissed" if HTTPS else "dismissed"
CSRF_COOKIE_HTTPONLY = SESSION_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CSRF_FAILURE_VIEW = "core.views.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", *_MEDIA_ORIGIN],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF, *THIRD_PARTY_HOSTS],
        "frame-src": [NONE],
        "worker-src": [NONE],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
        "manifest-src": [SELF],
        "upgrade-insecure-requests": HTTPS,
    }
}
# What a page may use of the device: nothing that asks. Pictures and texts come to us by a form.
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer", "autoplay", "browsing-topics", "camera", "display-capture", "encrypted-media", "geolocation",
        "gyroscope", "hid", "magnetometer", "microphone", "midi", "payment", "screen-wake-lock", "serial", "usb",
        "xr-spatial-tracking",
    )
) + ", fullscreen=(self), publickey-credentials-get=(self), publickey-credentials-create=(self)"  # fmt: skip
# On every answer, beside what Django's own middleware and django-csp write.
ANSWER_HEADERS = {
    "Permissions-Policy": PERMISSIONS_POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Origin-Agent-Cluster": "?1",
    "X-Permitted-Cross-Domain-Policies": "none",
}
# Not "cookies": the mark of a known device and the language would go with the session, which is ended on the server.
LOGOUT_CLEARS = '"cache", "storage"'

# Tables of docs/security.md that the apps write (manage.py security_tables).
SECURITY_TABLES = {
    "purposes": "accounts.purposes.as_table",
    "lifetimes": "accounts.lifetimes.as_table",
    "roles": "shop.roles.as_table",
}
