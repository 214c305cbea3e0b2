"""`manage.py up`: everything in order, one printed step each; stopped in the opposite order."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import traceback
from contextlib import AsyncExitStack
from pathlib import Path

import settings as configuration
from settings import BadSetting, Settings
from supervisor import application
from supervisor.checks import check_database, check_plugins_file, check_port, check_redis
from supervisor.children import Children, ChildSpec
from supervisor.databases import postgres, valkey
from supervisor.demo_environment import demo_environment
from supervisor.demo_file import demo_content, demo_file, print_welcome
from supervisor.errors import CannotStart
from supervisor.narration import Narrator
from supervisor.ports import choose_port, local_host
from supervisor.readiness import ReadyCheck, answers
from supervisor.roster import Roster, stop_leftovers
from supervisor.run_lock import only_one

_ROOT = Path(__file__).resolve().parent.parent
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SIMULATOR_PORT = 8090


def up(sims: int) -> int:
    """Run the system until a signal; returns the exit code: 0 after a stop, 1 with one line when it cannot start."""
    narrator = Narrator()
    try:
        asyncio.run(_run(configuration.load(), sims, narrator))
    except (CannotStart, BadSetting) as error:
        narrator.refuse(str(error))
        return 1
    except Exception as error:  # a person sees one line, whoever mends it the whole story
        story = configuration.load().var_dir / "log" / "up.log"
        story.parent.mkdir(parents=True, exist_ok=True)
        story.write_text(traceback.format_exc())
        narrator.refuse(f"the start failed ({type(error).__name__}: {error}): see {story}")
        return 1
    return 0


async def _run(settings: Settings, sims: int, narrator: Narrator) -> None:
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        start = asyncio.create_task(_start(stack, settings, sims, narrator))
        loop = asyncio.get_running_loop()
        for number in _STOP_SIGNALS:
            loop.add_signal_handler(number, stop.set)
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({start, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if start.done():
            start.result()
            await stopped
        narrator.step("stopping: the data stays for the next start")
        start.cancel()
        await asyncio.gather(start, return_exceptions=True)
    narrator.step("stopped")


async def _start(stack: AsyncExitStack, settings: Settings, sims: int, narrator: Narrator) -> None:
    """Everything up to ready. What is entered on `stack` is undone by it, also after a failure half-way."""
    var_dir = settings.var_dir.absolute()
    stack.enter_context(only_one(var_dir))
    await _look_first(settings, var_dir, narrator)
    simulator_port = choose_port(_SIMULATOR_PORT)
    environ = dict(os.environ)
    environ |= demo_environment(simulator_port, var_dir, settings.port or choose_port())

    roster = Roster(var_dir / "children.json")
    children = Children(var_dir, environ, narrator, roster)
    environ |= await stack.enter_async_context(postgres(settings, narrator, roster))
    environ |= await stack.enter_async_context(valkey(settings, narrator, children))
    # Migration, seed and synchronisation run in this process and read the same environment as the children.
    os.environ.update(environ)
    settings = configuration.load()

    await application.migrate_database(settings, narrator)
    stack.push_async_callback(children.stop, "simulator")
    await children.start(_simulator(simulator_port, sims, var_dir))
    demo = await application.seed_demo(settings)
    narrator.step("demo world: companies, users and tokens are there")
    stack.push_async_callback(children.stop, "api", "worker", "scheduler")
    api_ready = answers(f"http://{local_host(settings.host)}:{settings.port}/readyz")
    await asyncio.gather(
        children.start(_program("api", api_ready)),
        children.start(_program("worker")),
        children.start(_program("scheduler")),
    )
    await application.fill_demo(settings, narrator)

    content = demo_content(settings, demo.tokens, demo.emails, demo.password)
    place = var_dir / "demo.json"
    stack.enter_context(demo_file(place, content))
    print_welcome(narrator, content, place)
    reading = asyncio.create_task(application.fill_demo_records(settings, narrator), name="demo-records")
    stack.push_async_callback(_end, reading)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _look_first(settings: Settings, var_dir: Path, narrator: Narrator) -> None:
    """Everything that can be known to be wrong before anything is started."""
    check_plugins_file(settings.plugins_file)
    if settings.database_url:
        await check_database("DATABASE_URL", settings.database_url)
    if settings.migration_database_url:
        await check_database("MIGRATION_DATABASE_URL", settings.migration_database_url)
    if settings.redis_url:
        await check_redis("REDIS_URL", settings.redis_url)
    (var_dir / "demo.json").unlink(missing_ok=True)
    for name in await asyncio.to_thread(stop_leftovers, var_dir / "children.json", keep=("postgres",)):
        narrator.step(f"stopped {name}, left over from a start that was killed")
    if settings.port:
        check_port(settings.host, settings.port)


def _simulator(port: int, sims: int, var_dir: Path) -> ChildSpec:
    arguments = ("--port", str(port), "--sims", str(sims), "--state-dir", str(var_dir / "simulator"), "--raised-limits")
    return ChildSpec(
        "simulator",
        (sys.executable, "-m", "simulator", *arguments),
        ready=answers(f"http://127.0.0.1:{port}/admin/health"),
        patience_seconds=120.0,  # a fleet of a million takes its time to be made
    )


def _program(name: str, ready: ReadyCheck | None = None) -> ChildSpec:
    return ChildSpec(name, (sys.executable, str(_ROOT / "manage.py"), name), ready=ready)
