"""The first administrator of an installation, and the people of the demo."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from models import Company, User
from models.tenancy import as_system
from services.process.demo_world import seed
from tests.accounts.browser import Browser

ROOT = Path(__file__).resolve().parents[2]


async def create_admin(database: str, email: str, password: str) -> tuple[int, str]:
    environ = os.environ | {"DATABASE_URL": database, "NOVACONNECT_ENVIRONMENT": "test"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "manage.py", "create-admin", email, "--name", "Ада Первая"),
        cwd=ROOT,
        env=environ,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate(f"{password}\n".encode())
    assert process.returncode is not None
    return process.returncode, output.decode()


async def test_the_first_administrator_is_made_at_the_command_line(database: str, browser: Browser) -> None:
    code, output = await create_admin(database, "Ada@Example.com", "a first passphrase")
    assert (code, "a first passphrase" in output) == (0, False), output
    assert (await browser.log_in("ada@example.com", "a first passphrase"))["user"] == {
        "name": "Ада Первая",
        "role": "ADMIN",
    }
    assert (await browser.read("{ companies { totalCount } }"))["companies"]["totalCount"] == 0
    code, output = await create_admin(database, "ada@example.com", "short")
    assert code == 1 and "10 characters" in output
    code, _ = await create_admin(database, "ada@example.com", "another passphrase")
    assert code == 0
    assert (await browser.ask("{ me { name } }")).status_code == 401, "the old session has ended"
    assert (await browser.log_in("ada@example.com", "another passphrase"))["user"] is not None


async def test_everybody_of_the_demo_can_log_in(database: str, browser: Browser) -> None:
    with as_system():
        await seed()
        demo = await seed()
        assert await User.all().count() == len(demo.emails)
        assert await Company.filter(agent_id__isnull=False).count() == 1
    assert set(demo.tokens) == {"owner", "manager", "viewer", "other_company_owner", "agent", "staff", "admin"}
    for name, email in demo.emails.items():
        assert (await browser.log_in(email, demo.password))["user"] is not None, name
    agent = demo.emails["agent"]
    await browser.log_in(agent, demo.password)
    panel = await browser.read("{ companies { nodes { name } } }")
    assert panel["companies"]["nodes"] == [{"name": "Steppe Telematics"}]
