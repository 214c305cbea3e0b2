"""The settings of the driver `jasper`, typed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from novaconnect_sdk import OperatorLimits, Settings, SettingsError, SettingsReader

DOCUMENTED_LIMITS = OperatorLimits(calls_per_second=5, max_concurrency=1)
"""What the operator allows an account, REST and SOAP together."""

_STATUSES = frozenset({"INVENTORY", "TEST_READY", "ACTIVATION_READY", "ACTIVATED", "DEACTIVATED"})
_SIZE = "{mb}"


@dataclass(frozen=True, slots=True)
class Plans:
    """Rate plan names: `pattern` holds {mb}, sizes run from `smallest` to `largest` MB; `roaming` is the wide plan,
    whose packages have `roaming_size` MB."""

    pattern: str
    smallest: int
    largest: int
    roaming: str
    base: str
    roaming_size: int

    def of_size(self, megabytes: int) -> str:
        """The plan of a package of this size."""
        return self.pattern.replace(_SIZE, str(megabytes))


@dataclass(frozen=True, slots=True)
class JasperSettings:
    """How to reach one account. `lock_status` and `unlock_status` are the target states of a lock and an unlock.

    `soap_password` is the API key unless the account uses another one for SOAP; `cycle_day` is the day of the month on
    which billing cycles begin; `roaming_deadline` covers three working days with a long weekend.
    """

    base_url: str
    rest_path: str
    terminal_path: str
    billing_path: str
    login: str
    api_key: str
    soap_password: str
    license_key: str
    lock_status: str
    unlock_status: str
    plans: Plans
    bytes_per_mb: int
    bytes_per_kb: int
    cycle_day: int
    roaming_deadline: timedelta
    page_size: int
    largest_answer: int
    call_timeout: timedelta
    calls_per_second: float
    max_concurrency: int

    @property
    def account_key(self) -> str:
        """The account that the budget belongs to."""
        return f"jasper:{self.login}@{urlsplit(self.base_url).netloc}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown."""
        return (self.api_key, self.soap_password, self.license_key)


def parse(settings: Settings) -> JasperSettings:
    """Read a profile's settings; raises `SettingsError` naming the key."""
    read = SettingsReader(settings)
    api_key = read.text("api_key")
    parsed = JasperSettings(
        base_url=read.address("base_url"),
        rest_path=read.text("rest_path", "/rws/api/v1"),
        terminal_path=read.text("terminal_path", "/ws/service/terminal"),
        billing_path=read.text("billing_path", "/ws/service/billing"),
        login=read.text("login"),
        api_key=api_key,
        soap_password=read.text("soap_password", api_key),
        license_key=read.text("license_key"),
        lock_status=_status(read, "lock_status", "DEACTIVATED"),
        unlock_status=_status(read, "unlock_status", "ACTIVATED"),
        plans=_plans(read),
        bytes_per_mb=read.integer("bytes_per_mb", 1_000_000, 1_000_000, 1_048_576),
        bytes_per_kb=read.integer("bytes_per_kb", 1000, 1000, 1024),
        cycle_day=read.integer("cycle_day", 1, 1, 28),
        roaming_deadline=timedelta(days=read.integer("roaming_deadline_days", 7, 1, 60)),
        page_size=read.integer("page_size", 50, 1, 50),
        largest_answer=read.integer("largest_answer_mb", 128, 1, 1024) * 1_000_000,
        call_timeout=read.seconds("timeout_seconds", 10, 0.1, 300),
        calls_per_second=read.number("calls_per_second", DOCUMENTED_LIMITS.calls_per_second, 0.01, 10_000),
        max_concurrency=read.integer("max_concurrency", DOCUMENTED_LIMITS.max_concurrency, 1, 1000),
    )
    read.refuse_unknown()
    if parsed.lock_status == parsed.unlock_status:
        raise SettingsError("`lock_status` and `unlock_status` must differ.")
    return parsed


def _status(read: SettingsReader, key: str, default: str) -> str:
    status = read.text(key, default).upper()
    if status not in _STATUSES:
        raise SettingsError(f"`{key}` must be one of {', '.join(sorted(_STATUSES))}.")
    return status


def _plans(read: SettingsReader) -> Plans:
    pattern = read.text("package_plan", "lite-{mb}")
    if _SIZE not in pattern:
        raise SettingsError("`package_plan` must hold {mb}, the place of the size: for example lite-{mb}.")
    smallest = read.integer("package_smallest_mb", 15, 1, 1_000_000)
    largest = read.integer("package_largest_mb", 100, smallest, 1_000_000)
    base = read.text("base_plan", pattern.replace(_SIZE, str(smallest)))
    roaming_size = read.integer("roaming_package_mb", 15, 1, 1_000_000)
    return Plans(pattern, smallest, largest, read.text("roaming_plan", "mega-15"), base, roaming_size)
