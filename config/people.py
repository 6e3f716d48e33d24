"""Who people are and how they sign in: the settings of Django's auth and of allauth."""

from __future__ import annotations

from config.env import env

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backend.Backend"]
SESSION_ENGINE = "accounts.sessions"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "accounts.passwords.KnownPasswordValidator"},
    {"NAME": "accounts.passwords.OwnWordsValidator", "OPTIONS": {"more_words": "shop.queries.stores.names_of"}},
]
PASSWORD_REMIND_DAYS = env.int("PASSWORD_REMIND_DAYS", default=365)  # a nudge, never a must; 0 is none
PAYOUT_ACCOUNT_REMIND_DAYS = env.int("PAYOUT_ACCOUNT_REMIND_DAYS", default=365)  # the same of where money goes
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
MFA_ADAPTER = "accounts.adapter.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TRUST_ENABLED = False  # its cookie has no row here: it could be neither listed nor revoked; Device is what we trust
# Staff without a second factor reach its set-up page alone; a sandbox only says so.
STAFF_NEEDS_FACTOR = env.bool("STAFF_NEEDS_FACTOR", default=not env.bool("SANDBOX", default=True))
STEP_UP_CODES = env.str("STEP_UP_CODES", default="1/m,5/h,10/d")  # codes that one person is sent to confirm acts
SOCIALACCOUNT_ADAPTER = "accounts.third_party.adapter.SocialAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False  # an e-mail never links by itself
SOCIALACCOUNT_STORE_TOKENS = False
_APPS = {
    "weixin": (env.str("WEIXIN_APP_ID", default=""), env.str("WEIXIN_APP_SECRET", default="")),
    "qq": (env.str("QQ_APP_ID", default=""), env.str("QQ_APP_KEY", default="")),
    "google": (env.str("GOOGLE_CLIENT_ID", default=""), env.str("GOOGLE_CLIENT_SECRET", default="")),
}
_HOSTS = {"weixin": "https://open.weixin.qq.com", "qq": "https://graph.qq.com", "google": "https://accounts.google.com"}
SOCIALACCOUNT_PROVIDERS = {
    name: {"APPS": [{"client_id": client_id, "secret": secret}]}
    for name, (client_id, secret) in _APPS.items()
    if secret
}
THIRD_PARTY_HOSTS = [_HOSTS[name] for name in SOCIALACCOUNT_PROVIDERS]  # where our forms may lead
HEADLESS_CLIENTS = ("app",)  # its addresses are ours: accounts/api/urls.py
HEADLESS_TOKEN_STRATEGY = "accounts.api.authentication.AppSessions"  # noqa: S105
# Files of ip2region (IPv4, IPv6): province and city in lists of logins and in alerts, for the eye alone.
IP2REGION_XDB = env.list("IP2REGION_XDB", default=[])
DEMO_PEOPLE = "demo.people.PEOPLE"  # who may be signed in as with one click, in a sandbox only
# Whoever lowers a price, or starts a coupon, by more than so many percent is asked who he is.
PRICE_CUT_PERCENT = env.int("PRICE_CUT_PERCENT", default=50)
