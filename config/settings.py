"""Settings. Everything that differs between machines comes from the environment (.env.example lists it)."""

from __future__ import annotations

from pathlib import Path

from celery.schedules import crontab
from django.utils.translation import gettext_lazy as _

from config.env import BASE_DIR, DEMO_SECRET, DEMO_VAULT, database, env
from config.limits import *
from config.logs import *
from config.people import *
from config.providers import pretended, providers
from config.retention import *
from config.safety import *

DEBUG = env.bool("DEBUG", default=False)
SANDBOX = env.bool("SANDBOX", default=True)
SECRET_KEY = env.str("SECRET_KEY", default=DEMO_SECRET)
VAULT_KEYS = env.list("VAULT_KEYS", default=[DEMO_VAULT])
INDEX_KEY = env.str("INDEX_KEY", default="")  # of blind indices; empty: the oldest of VAULT_KEYS
SIGNING_KEY = env.str("SIGNING_KEY", default="")
RETIRED_SIGNING_KEYS = env.list("RETIRED_SIGNING_KEYS", default=[])  # public halves, as /verify/ shows them
ANCHOR_MAIL_TO = env.list("ANCHOR_MAIL_TO", default=[])  # who gets the log's newest checkpoint once a day
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
VAR_DIR.mkdir(parents=True, exist_ok=True)

SITE_NAME = env.str("SITE_NAME", default="Tashi 踏实")
FOOTER = {
    "icp": env.str("FOOTER_ICP", default=""),
    "police": env.str("FOOTER_POLICE", default=""),
    "licence_url": env.str("FOOTER_LICENCE_URL", default=""),
    "report": env.str("FOOTER_REPORT", default=""),
}
SANDBOX_CARRIER_SECRET = env.str("SANDBOX_CARRIER_SECRET", default="sandbox-carrier-secret")
SANDBOX_FEE_BPS = env.int("SANDBOX_FEE_BPS", default=0)  # what the pretended bank keeps of each arrival
FAKEPAY_DIR = VAR_DIR / "fakepay"
FAKEPAY_URL, PRETENDED = pretended(FAKEPAY_DIR) if SANDBOX else ("", {})
# A provider that is really set up goes before one that is pretended.
PROVIDERS = providers(pretended=PRETENDED)
# Who takes buyers' money, as they are offered; who sends merchants theirs.
PAYMENT_GATEWAYS = env.list("PAYMENT_GATEWAYS", default=list(PRETENDED) or ["sandbox"])
PAYOUT_GATEWAY = env.str("PAYOUT_GATEWAY", default=next(iter(PAYMENT_GATEWAYS), "none"))
PAYOUT_APPROVAL_MINOR = env.int("PAYOUT_APPROVAL_MINOR", default=5_000_000)  # from here a second person must agree
# What is made good in one incident: from this sum on a second person must agree, above the other nobody may.
COMPENSATION_APPROVAL_MINOR = env.int("COMPENSATION_APPROVAL_MINOR", default=50_000)
COMPENSATION_MOST_MINOR = env.int("COMPENSATION_MOST_MINOR", default=5_000_000)
CUSTODY_SHORT_MINUTES = env.int("CUSTODY_SHORT_MINUTES", default=120)  # so old may one short proof be; two stop

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "csp",
    "django_htmx",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "allauth",
    "allauth.account",
    "allauth.headless",
    "allauth.mfa",
    "allauth.socialaccount",
    "core",
    "accounts",
    "shop",
    "escrow",
    "logistics",
    "disputes",
    "flows",
    "demo",
]

MIDDLEWARE = [
    "core.request_log.request_log",
    "django.middleware.security.SecurityMiddleware",
    "core.http.headers_middleware",
    "csp.middleware.CSPMiddleware",
    "core.doorstep.refuse_strange_methods",
    "core.doorstep.refuse_plain",
    "core.doorstep.media_host",
    "core.gate.gate",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.lifetimes.middleware",
    "accounts.staff_factor.middleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "core.page_limits.page_limits",
    "core.http.refusal_middleware",
    "accounts.shut.middleware",
    "accounts.confirming.middleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "config.context.site",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", "core.templatetags.tashi"],
        },
    }
]

# --- database, cache, worker: embedded without REDIS_URL (ARCHITECTURE §5) --------------------------------------------
DATABASES = {"default": database(env.str("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'tashi.sqlite3'}"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.str("REDIS_URL", default="")
if REDIS_URL:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
    CELERY_BROKER_URL = REDIS_URL
else:
    # Rate limits live in the cache: a cache per process would multiply every limit by the number of workers.
    # And one that throws away a third of its rows from the 300th on would let strangers push a limit out.
    _kept = {"MAX_ENTRIES": 10_000}
    CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache", "OPTIONS": _kept}
    }
    CELERY_BROKER_URL = "spool://localhost"
    for _folder in ("queue", "control"):
        (VAR_DIR / "broker" / _folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(VAR_DIR / "broker" / "queue"),
        "data_folder_out": str(VAR_DIR / "broker" / "queue"),
        "control_folder": str(VAR_DIR / "broker" / "control"),
        "polling_interval": 0.05,
    }
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
TICK_SECONDS = env.float("TICK_SECONDS", default=1.0 if SANDBOX else 10.0)
CUSTODY_SECONDS = env.float("CUSTODY_SECONDS", default=60.0 if SANDBOX else 3600.0)
STATEMENT_SECONDS = env.float("STATEMENT_SECONDS", default=60.0 if SANDBOX else 900.0)
STATEMENT_MISSING_DAYS = env.int("STATEMENT_MISSING_DAYS", default=2)  # then a movement without a line is a ticket
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "core.tasks.sweep_deadlines", "schedule": TICK_SECONDS, "options": {"expires": 30}},
    "sales": {"task": "shop.tasks.add_up_sales", "schedule": 60.0, "options": {"expires": 60}},
    "seal": {"task": "escrow.tasks.seal_records", "schedule": 10 * TICK_SECONDS, "options": {"expires": 60}},
    "custody": {"task": "escrow.tasks.prove_custody", "schedule": CUSTODY_SECONDS, "options": {"expires": 60}},
    "payouts": {"task": "escrow.tasks.plan_payouts", "schedule": 3600.0, "options": {"expires": 600}},
    "audit": {"task": "escrow.tasks.audit_books", "schedule": crontab(hour="19", minute="30")},  # 3:30 in Shanghai
    "roll-up": {"task": "escrow.tasks.roll_up_accounts", "schedule": 86400.0, "options": {"expires": 3600}},
    "statements": {"task": "escrow.tasks.fetch_statements", "schedule": STATEMENT_SECONDS, "options": {"expires": 60}},
    "anchor": {"task": "escrow.tasks.mail_anchor", "schedule": 3600.0, "options": {"expires": 600}},
    "seal-audit": {"task": "core.tasks.seal_audit", "schedule": 10 * TICK_SECONDS, "options": {"expires": 60}},
    "check-audit": {"task": "core.tasks.check_audit", "schedule": crontab(hour="20", minute="15")},
    "purge-old": {"task": "core.tasks.purge", "schedule": crontab(hour="18", minute="40")},  # 2:40 in Shanghai
    "papers": {"task": "shop.tasks.schedule_purges", "schedule": crontab(hour="18", minute="20")},
    "purge": {"task": "core.tasks.purge_idempotency_keys", "schedule": 3600.0, "options": {"expires": 600}},
}
NUDGE = env.bool("NUDGE", default=True)

# --- letters ----------------------------------------------------------------------------------------------------------
ACCOUNT_EMAIL_SUBJECT_PREFIX = f"[{SITE_NAME}] "
EMAIL_BACKEND = env.str(
    "EMAIL_BACKEND",
    default="accounts.channels.sandbox.EmailBackend" if SANDBOX else "django.core.mail.backends.smtp.EmailBackend",
)
EMAIL_HOST = env.str("EMAIL_HOST", default="localhost")
EMAIL_PORT = env.int("EMAIL_PORT", default=25)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", default="")
EMAIL_USE_TLS = env.bool("EMAIL_USE_TLS", default=False)  # STARTTLS, port 587
EMAIL_USE_SSL = env.bool("EMAIL_USE_SSL", default=False)  # port 465
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Tashi <no-reply@tashi.example>")
SMS_CHANNEL = env.str("SMS_CHANNEL", default="console")
SMS_WEBHOOK_URL = env.str("SMS_WEBHOOK_URL", default="")
SMS_WEBHOOK_SECRET = env.str("SMS_WEBHOOK_SECRET", default="")

# --- languages and time -----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_I18N = USE_TZ = True

# --- files ------------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(VAR_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR_DIR / "media"
SEALED_ROOT = Path(env.str("SEALED_ROOT", default=str(VAR_DIR / "sealed")))  # documents; never under MEDIA_ROOT
CLAMD = env.str("CLAMD", default="")  # a virus scanner that looks at every upload: unix:/run/clamav/clamd.ctl
QUARANTINE_ROOT = SEALED_ROOT / "quarantine"
FILE_UPLOAD_HANDLERS = [
    "core.antivirus.ScanningHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
PUBLIC_CACHEABLE = ("/static/", "/media/")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": env.str("STATIC_STORAGE", default="whitenoise.storage.CompressedManifestStaticFilesStorage")
    },
}
# What is larger is refused before it is read (core/gate.py); a proxy in front should refuse the same.
UPLOAD_MAX_BYTES = 30 * 2**20
BODY_MAX_BYTES = DATA_UPLOAD_MAX_MEMORY_SIZE = 2**20  # without files; inside a multipart form all texts together
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 2**20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

# --- API --------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.TokenAuthentication",
        "accounts.api.authentication.AppAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser", "rest_framework.parsers.MultiPartParser"],
    "EXCEPTION_HANDLER": "core.api.answer_exception",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "core.api_pages.CursorPages",
    "PAGE_SIZE": 20,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "DEFAULT_THROTTLE_CLASSES": ["core.api_limits.Limits"],
}
# How often, by person, token or address (docs/api.md); API_RATE_ORDER=5/m,50/d and so on; an empty text is no limit.
API_RATES = {
    "visitor": "600/m",  # an address, while nobody is signed in
    "member": "600/m",
    "system": "1200/m",  # a store's token
    "change": "300/m",  # whatever is not a mere look
    "order": "20/m,200/d",
    "case": "10/h",
    "coupon": "10/m,60/d",  # codes a member tries that he was not shown
    "words": "30/m,500/d",
    "sign_in": "30/m",  # an address; what one account may be asked for is in ACCOUNT_RATE_LIMITS
    "refused": "30/m",  # an address that comes with wrong tokens
    "schema": "10/m",
}
API_RATES = {name: env.str(f"API_RATE_{name.upper()}", default=rate) for name, rate in API_RATES.items()}
SPECTACULAR_SETTINGS = {
    "TITLE": "Tashi API",
    "DESCRIPTION": "Storefront, escrow, logistics and mediation. Money is {minor, currency}; times are UTC.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",  # 3.0 cannot say that a named shape may be null
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},  # null: nothing is sent to anybody's validator
    "POSTPROCESSING_HOOKS": [],  # choices stand where they belong instead of in components of invented names
    "SCHEMA_PATH_PREFIX": r"/api/v1",
}
