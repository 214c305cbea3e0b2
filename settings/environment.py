"""The settings that come from environment variables, each with its default and its meaning."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from settings.bad_setting import BadSetting
from settings.billing_settings import BillingSettings, Rating
from settings.dunning import DunningTerms, read_dunning_terms
from settings.gates import GateSettings, load_gates

DEFAULT_SENDER = "NovaConnect <novaconnect@localhost>"
"""Who mail is from as long as nobody says otherwise."""

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says. Times are seconds, sizes bytes.

    `database_url` / `redis_url` None: `manage.py up` starts embedded servers. `migration_database_url` is the owner's
    address, `database_url` the application's. `environment` is `production` unless `make run` or the tests say otherwise;
    only then may `clock` be `simulator`.
    """

    database_url: str | None = None
    migration_database_url: str | None = None
    redis_url: str | None = None
    environment: str = "production"
    host: str = "127.0.0.1"
    port: int = 8000
    var_dir: Path = Path("var")
    plugins_file: Path = Path("plugins.toml")
    clock: str = "system"
    simulator_admin_url: str | None = None
    graphiql: bool = False
    allowed_origins: tuple[str, ...] = ()
    database_pool_size: int = 10
    trusted_documents: Path | None = None
    log_level: str = "INFO"
    support_email: str | None = None
    support_phone: str | None = None
    support_telegram: str | None = None
    support_hours: str | None = None
    mail_from: str = DEFAULT_SENDER
    smtp_host: str | None = None
    smtp_port: int = 587
    smtp_security: str = "starttls"
    smtp_username: str | None = None
    smtp_password: str | None = field(default=None, repr=False)
    whatsapp_url: str | None = None
    whatsapp_number_id: str | None = None
    whatsapp_token: str | None = field(default=None, repr=False)
    file_store: str | None = None
    file_store_endpoint: str | None = None
    link_secret: str | None = None
    public_url: str | None = None
    portal_url: str | None = None
    billing: BillingSettings = field(default_factory=BillingSettings)
    dunning: DunningTerms = field(default_factory=DunningTerms)
    gates: GateSettings = field(default_factory=GateSettings)

    @property
    def owner_database_url(self) -> str | None:
        """The address for migrations: `MIGRATION_DATABASE_URL`, or `DATABASE_URL` when that is not set."""
        return self.migration_database_url or self.database_url

    @property
    def broker_url(self) -> str:
        """The Redis database of dramatiq: the one after that of `REDIS_URL`, so that its keys are its own."""
        parts = urlsplit(self.require_redis())
        number = parts.path.lstrip("/")
        return urlunsplit(parts._replace(path=f"/{int(number) + 1 if number.isdigit() else 1}"))

    def require_database(self) -> str:
        """The application's database address, or `BadSetting`."""
        if not self.database_url:
            raise BadSetting("DATABASE_URL is not set: set it, or use `make run`, which starts its own PostgreSQL.")
        return self.database_url

    def require_redis(self) -> str:
        """The Redis/Valkey address, or `BadSetting`."""
        if not self.redis_url:
            raise BadSetting("REDIS_URL is not set: set it, or use `make run`, which starts its own Valkey.")
        return self.redis_url


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; raises `BadSetting` with one sentence on the first that cannot be used."""
    env = os.environ if environ is None else environ
    environment = env.get("NOVACONNECT_ENVIRONMENT", "production")
    if environment not in ("production", "development", "test"):
        raise BadSetting("NOVACONNECT_ENVIRONMENT must be production, development or test.")
    settings = Settings(
        database_url=env.get("DATABASE_URL") or None,
        migration_database_url=env.get("MIGRATION_DATABASE_URL") or None,
        redis_url=env.get("REDIS_URL") or None,
        environment=environment,
        host=env.get("HOST", "127.0.0.1"),
        port=_integer(env, "PORT", 8000, 0, 65535),
        var_dir=Path(env.get("NOVACONNECT_VAR", "var")),
        plugins_file=Path(env.get("NOVACONNECT_PLUGINS", "plugins.toml")),
        clock=env.get("CLOCK", "system"),
        simulator_admin_url=env.get("SIMULATOR_ADMIN_URL") or None,
        graphiql=_boolean(env, "GRAPHIQL", environment == "development"),
        allowed_origins=tuple(origin.strip() for origin in env.get("ALLOWED_ORIGINS", "").split(",") if origin.strip()),
        database_pool_size=_integer(env, "DATABASE_POOL_SIZE", 10, 2, 100),
        trusted_documents=Path(env["TRUSTED_DOCUMENTS"]) if env.get("TRUSTED_DOCUMENTS") else None,
        log_level=env.get("LOG_LEVEL", "INFO").upper(),
        support_email=_line(env, "SUPPORT_EMAIL"),
        support_phone=_line(env, "SUPPORT_PHONE"),
        support_telegram=_line(env, "SUPPORT_TELEGRAM"),
        support_hours=_line(env, "SUPPORT_HOURS"),
        mail_from=_line(env, "MAIL_FROM") or DEFAULT_SENDER,
        smtp_host=_line(env, "SMTP_HOST"),
        smtp_port=_integer(env, "SMTP_PORT", 587, 1, 65535),
        smtp_security=env.get("SMTP_SECURITY", "starttls").strip().lower() or "starttls",
        smtp_username=_line(env, "SMTP_USERNAME"),
        smtp_password=_secret(env, "SMTP_PASSWORD", shortest=1),
        whatsapp_url=_address(env, "WHATSAPP_URL"),
        whatsapp_number_id=_line(env, "WHATSAPP_NUMBER_ID"),
        whatsapp_token=_secret(env, "WHATSAPP_TOKEN", shortest=1),
        file_store=_line(env, "FILE_STORE"),
        file_store_endpoint=_line(env, "AWS_ENDPOINT_URL"),
        link_secret=_secret(env, "LINK_SECRET"),
        public_url=_address(env, "PUBLIC_URL"),
        portal_url=_address(env, "PORTAL_URL"),
        billing=_billing(env),
        dunning=read_dunning_terms(env),
        gates=load_gates(env),
    )
    return _checked(settings)


def _billing(env: Mapping[str, str]) -> BillingSettings:
    defaults = BillingSettings()
    rating = env.get("BILLING_RATING", "").strip() or defaults.rating.value
    if rating not in tuple(Rating):
        raise BadSetting("BILLING_RATING must be operator_cost or price_list.")
    return BillingSettings(
        cbr_url=_address(env, "CBR_URL") or defaults.cbr_url,
        nbk_url=_address(env, "NBK_URL") or defaults.nbk_url,
        rating=Rating(rating),
        zero_invoices=_boolean(env, "BILLING_ZERO_INVOICES", defaults.zero_invoices),
        count_issue_day=_boolean(env, "BILLING_COUNT_ISSUE_DAY", defaults.count_issue_day),
        late_months=_integer(env, "BILLING_LATE_MONTHS", defaults.late_months, 0, 12),
        package_days=_integer(env, "BILLING_PACKAGE_DAYS", defaults.package_days, 1, 366),
    )


def _checked(settings: Settings) -> Settings:
    if settings.clock not in ("system", "simulator"):
        raise BadSetting("CLOCK must be system or simulator.")
    if settings.clock == "simulator" and settings.environment == "production":
        raise BadSetting("CLOCK=simulator is for `make run` and tests only: unset CLOCK.")
    if settings.clock == "simulator" and not settings.simulator_admin_url:
        raise BadSetting("CLOCK=simulator needs SIMULATOR_ADMIN_URL, the admin address of the operator simulator.")
    if settings.log_level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise BadSetting("LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR.")
    if settings.smtp_security not in ("starttls", "tls", "none"):
        raise BadSetting("SMTP_SECURITY must be starttls, tls or none.")
    if settings.smtp_username and not settings.smtp_password:
        raise BadSetting("SMTP_USERNAME needs SMTP_PASSWORD.")
    if settings.smtp_username and settings.smtp_security == "none":
        raise BadSetting("SMTP_USERNAME needs SMTP_SECURITY starttls or tls: a password is not sent in the clear.")
    if settings.whatsapp_url and not (settings.whatsapp_number_id and settings.whatsapp_token):
        raise BadSetting("WHATSAPP_URL needs WHATSAPP_NUMBER_ID and WHATSAPP_TOKEN.")
    for name, address in (("SUPPORT_EMAIL", settings.support_email), ("MAIL_FROM", settings.mail_from)):
        if address is not None and not _ADDRESS.fullmatch(parseaddr(address)[1]):
            raise BadSetting(f"{name} must be one e-mail address.")
    return settings


def _line(env: Mapping[str, str], name: str) -> str | None:
    text = env.get(name, "").strip()
    if len(text) > 200 or not text.isprintable():
        raise BadSetting(f"{name} must be one line of at most 200 characters.")
    return text or None


def _secret(env: Mapping[str, str], name: str, *, shortest: int = 32) -> str | None:
    """A secret of at least `shortest` characters, or `file:PATH` of a file that holds it."""
    text = env.get(name, "").strip()
    if text.startswith("file:"):
        try:
            text = Path(text.removeprefix("file:")).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadSetting(f"{name}: its file cannot be read: create it or change the path.") from error
    elif not text:
        return None
    if len(text) < shortest:
        raise BadSetting(f"{name} must have at least {shortest} characters.")
    return text


def _address(env: Mapping[str, str], name: str) -> str | None:
    text = _line(env, name)
    if text is None:
        return None
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise BadSetting(f"{name} must be an address like https://api.example.com.")
    return text.rstrip("/")


def _integer(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = env.get(name, "").strip()
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise BadSetting(f"{name} must be a whole number from {low} to {high}.")
    return int(text)


def _boolean(env: Mapping[str, str], name: str, default: bool) -> bool:
    text = env.get(name, "").strip().lower()
    if not text:
        return default
    if text not in ("1", "0", "true", "false", "yes", "no", "on", "off"):
        raise BadSetting(f"{name} must be on or off.")
    return text in ("1", "true", "yes", "on")
