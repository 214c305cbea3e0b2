"""The environment of a demo system: every operator address points at the simulator, whatever the shell says."""

from __future__ import annotations

from pathlib import Path

RAISED_CALLS_PER_SECOND = "1000"
RAISED_CONCURRENCY = "32"


def demo_environment(simulator_port: int, var_dir: Path, port: int) -> dict[str, str]:
    """What `manage.py up` sets for itself and every child, besides the addresses of the databases.

    Operator credentials of the shell are overwritten: a demo must never reach a real operator. The budgets are raised
    so that thousands of SIMs take seconds; the documented ones are the defaults in `plugins.toml`.
    """
    simulator = f"http://127.0.0.1:{simulator_port}"
    return {
        "NOVACONNECT_ENVIRONMENT": "development",
        "NOVACONNECT_VAR": str(var_dir),
        "PORT": str(port),
        "CLOCK": "simulator",
        "SIMULATOR_ADMIN_URL": f"{simulator}/admin",
        "TSIM_BASE_URL": simulator,
        "TSIM_LOGIN": "demo",
        "TSIM_PASSWORD": "demo-tsim",
        "TSIM_CALLS_PER_SECOND": RAISED_CALLS_PER_SECOND,
        "TSIM_MAX_CONCURRENCY": RAISED_CONCURRENCY,
        "JASPER_BASE_URL": simulator,
        "JASPER_LOGIN": "demo",
        "JASPER_API_KEY": "demo-jasper",
        "JASPER_LICENSE_KEY": "demo-license",
        "JASPER_CALLS_PER_SECOND": RAISED_CALLS_PER_SECOND,
        "JASPER_MAX_CONCURRENCY": RAISED_CONCURRENCY,
        "CBR_URL": f"{simulator}/cbr",
        "NBK_URL": f"{simulator}/nbk",
        "RATE_LIMIT": "5000",  # a demo is asked by one token, and often by a benchmark
        "SUPPORT_EMAIL": "support@novaconnect.example",
        "SUPPORT_PHONE": "+7 727 000 00 00",
        "PYTHONUNBUFFERED": "1",
    }
