"""Settings. Everything that differs between machines comes from the environment (.env.example lists it)."""

from __future__ import annotations

from pathlib import Path

from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from config.env import BASE_DIR, DEMO_SECRET, DEMO_VAULT, database, env
from config.providers import providers

DEBUG = env.bool("DEBUG", default=False)
SANDBOX = env.bool("SANDBOX", default=True)
SECRET_KEY = env.str("SECRET_KEY", default=DEMO_SECRET)
VAULT_KEYS = env.list("VAULT_KEYS", default=[DEMO_VAULT])
SIGNING_KEY = env.str("SIGNING_KEY", default="")
RETIRED_SIGNING_KEYS = env.list("RETIRED_SIGNING_KEYS", default=[])  # public halves, as /verify/ shows them
ANCHOR_MAIL_TO = env.list("ANCHOR_MAIL_TO", default=[])  # who gets the log's newest checkpoint once a day
SITE_URL = env.str("SITE_URL", default="http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
VAR_DIR.mkdir(parents=True, exist_ok=True)

SITE_NAME = env.str("SITE_NAME", default="Tashi 踏实")
FOOTER = {
    "icp": env.str("FOOTER_ICP", default=""),
    "police": env.str("FOOTER_POLICE", default=""),
    "licence_url": env.str("FOOTER_LICENCE_URL", default=""),
    "report": env.str("FOOTER_REPORT", default=""),
}
SANDBOX_BANK_SECRET = env.str("SANDBOX_BANK_SECRET", default="sandbox-bank-secret")
SANDBOX_CARRIER_SECRET = env.str("SANDBOX_CARRIER_SECRET", default="sandbox-carrier-secret")
SANDBOX_FEE_BPS = env.int("SANDBOX_FEE_BPS", default=0)  # what the pretended bank keeps of each arrival
PAYMENT_GATEWAY = env.str("PAYMENT_GATEWAY", default="sandbox")
PAYOUT_GATEWAY = env.str("PAYOUT_GATEWAY", default=PAYMENT_GATEWAY)  # who sends merchants their money
PAYOUT_APPROVAL_MINOR = env.int("PAYOUT_APPROVAL_MINOR", default=5_000_000)  # from here a second person must agree
PROVIDERS = providers()

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
    "core.http.refuse_trace",
    "core.gate.gate",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "core.http.headers_middleware",
    "core.http.refusal_middleware",
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
    "seal": {"task": "escrow.tasks.seal_records", "schedule": 10 * TICK_SECONDS, "options": {"expires": 60}},
    "custody": {"task": "escrow.tasks.prove_custody", "schedule": CUSTODY_SECONDS, "options": {"expires": 60}},
    "payouts": {"task": "escrow.tasks.plan_payouts", "schedule": 3600.0, "options": {"expires": 600}},
    "audit": {"task": "escrow.tasks.audit_books", "schedule": crontab(hour="19", minute="30")},  # 3:30 in Shanghai
    "roll-up": {"task": "escrow.tasks.roll_up_accounts", "schedule": 86400.0, "options": {"expires": 3600}},
    "statements": {"task": "escrow.tasks.fetch_statements", "schedule": STATEMENT_SECONDS, "options": {"expires": 60}},
    "anchor": {"task": "escrow.tasks.mail_anchor", "schedule": 3600.0, "options": {"expires": 600}},
    "purge": {"task": "core.tasks.purge_idempotency_keys", "schedule": 3600.0, "options": {"expires": 600}},
}
NUDGE = env.bool("NUDGE", default=True)

# --- people -----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backend.Backend"]
SESSION_ENGINE = "accounts.sessions"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "shop:home"
LOGOUT_REDIRECT_URL = "shop:home"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"phone", "email"}
# Never "phone*": it bars all who have none from signing in. "email*" is what allauth's check wants beside mandatory
# codes; our form asks for one of the two, and our stage lets a member without e-mail pass.
ACCOUNT_SIGNUP_FIELDS = ["phone", "email*", "password1"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_PHONE_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = f"[{SITE_NAME}] "
ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "dashed": False, "length": 6}
ACCOUNT_PHONE_VERIFICATION_CODE_FORMAT = ALLAUTH_USER_CODE_FORMAT
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
# Without it all visitors behind a proxy would share one limit; with too many, each could write himself a new address.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=int(BEHIND_PROXY))
ACCOUNT_RATE_LIMITS = {
    "confirm_email": "3/m/key,10/h/key",
    "verify_phone": "3/m/key,10/h/key,20/m/ip",
    "request_login_code": "20/m/ip,3/m/key,20/d/key",
    "change_phone": "5/m/user",
}
ACCOUNT_FORMS = {
    "login": "accounts.forms.entrance.LoginForm",
    "signup": "accounts.forms.entrance.SignupForm",
    "request_login_code": "accounts.forms.entrance.RequestLoginCodeForm",
    "confirm_login_code": "accounts.forms.entrance.ConfirmLoginCodeForm",
    "verify_phone": "accounts.forms.entrance.VerifyPhoneForm",
    "confirm_email_verification_code": "accounts.forms.entrance.ConfirmEmailForm",
    "confirm_password_reset_code": "accounts.forms.entrance.ConfirmPasswordResetForm",
    "reset_password": "accounts.forms.security.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.security.ResetPasswordKeyForm",
    "change_password": "accounts.forms.security.ChangePasswordForm",
    "set_password": "accounts.forms.security.SetPasswordForm",
    "add_email": "accounts.forms.security.AddEmailForm",
    "change_phone": "accounts.forms.security.ChangePhoneForm",
    "reauthenticate": "accounts.forms.security.ReauthenticateForm",
}
HEADLESS_CLIENTS = ("app",)  # its addresses are ours: accounts/api/urls.py
HEADLESS_TOKEN_STRATEGY = "accounts.api.authentication.AppSessions"  # noqa: S105
DEMO_PEOPLE = "demo.people.PEOPLE"  # who may be signed in as with one click, in a sandbox only

EMAIL_BACKEND = env.str(
    "EMAIL_BACKEND",
    default="accounts.channels.sandbox.EmailBackend" if SANDBOX else "django.core.mail.backends.smtp.EmailBackend",
)
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
MEDIA_URL = "/media/"
MEDIA_ROOT = VAR_DIR / "media"
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

# --- safety -----------------------------------------------------------------------------------------------------------
HTTPS = SITE_URL.startswith("https://")
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=HTTPS)
SECURE_REDIRECT_EXEMPT = [r"^webhooks/", r"^api/", r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrftoken"
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
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
        "manifest-src": [SELF],
    }
}

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

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "httpx": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}
