"""The command line of NovaConnect: `python manage.py --help`. Every command is one call into a room."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

ROOT = Path(__file__).resolve().parent

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
drivers_app = typer.Typer(no_args_is_help=True, help="The operator drivers that plugins.toml switches on.")
app.add_typer(drivers_app, name="drivers")

# Imports stand inside the commands, so that each process loads only the rooms it needs.


@app.command()
def up(
    sims: Annotated[
        int, typer.Option(envvar="SIMS", min=2, max=2_000_000, help="How many SIMs the simulator has.")
    ] = 5000,
) -> None:
    """Run the whole system on this machine: databases, operator simulator, API, worker, scheduler."""
    from supervisor.start_up import up as run

    raise typer.Exit(run(sims))


@app.command()
def api() -> None:
    """Serve the GraphQL API on HOST and PORT."""
    import uvicorn

    from settings import load
    from transport.serving import allow_many_sockets, server_options

    allow_many_sockets()
    uvicorn.run("asgi:app", **server_options(load()))


@app.command()
def worker(threads: Annotated[int, typer.Option(min=1, max=64, help="Threads of the one worker process.")] = 8) -> None:
    """Execute queued work: one dramatiq worker process; run the command several times for more."""
    from dramatiq.cli import main, make_argument_parser

    arguments = ["worker", "--processes", "1", "--threads", str(threads), "--worker-shutdown-timeout", "8000"]
    raise typer.Exit(main(make_argument_parser().parse_args(arguments)))


@app.command()
def scheduler() -> None:
    """Run what happens by the clock: reconciliation, confirmations, deadlines."""
    from jobs.scheduler import run
    from supervisor.readiness import announce_ready

    asyncio.run(run(announce_ready))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def simulator(context: typer.Context) -> None:
    """Run the operator simulator; its own options follow (`manage.py simulator --help`)."""
    os.execv(sys.executable, [sys.executable, "-m", "simulator", *context.args])


@app.command()
def migrate() -> None:
    """Bring the database schema up to date; two at once wait for each other."""
    from settings import load
    from supervisor.application import migrate_database
    from supervisor.narration import Narrator

    asyncio.run(migrate_database(load(), Narrator()))


@app.command()
def sync(profile: Annotated[str, typer.Argument(help="Code of a profile in plugins.toml, for example TC.")]) -> None:
    """Read one profile's inventory from its operator."""
    from settings import load
    from supervisor.application import synchronise_profile
    from supervisor.narration import Narrator

    asyncio.run(synchronise_profile(load(), profile, Narrator()))


@drivers_app.command("list")
def drivers_list() -> None:
    """Show the profiles of plugins.toml with their drivers, and why a driver was refused."""
    _report_drivers()


@drivers_app.command("check")
def drivers_check(
    strict: Annotated[bool, typer.Option("--strict", help="Fail when any plugin or profile was refused.")] = False,
) -> None:
    """Bring every plugin named in plugins.toml through the gate."""
    if not _report_drivers() and strict:
        raise typer.Exit(1)


def _report_drivers() -> bool:
    from settings import load
    from supervisor.driver_report import report_drivers
    from supervisor.narration import Narrator

    return asyncio.run(report_drivers(load(), Narrator()))


@app.command()
def sdl(
    auth: Annotated[bool, typer.Option("--auth", help="That of /auth/graphql: schema/auth.graphql.")] = False,
) -> None:
    """Print the GraphQL schema; schema/schema.graphql is this output."""
    from resolvers.auth_schema import build_auth_schema
    from resolvers.schema import build_schema

    print((build_auth_schema() if auth else build_schema()).as_str())


@app.command("create-admin")
def create_admin(
    email: Annotated[str, typer.Argument(help="The address to log in with.")],
    name: Annotated[str, typer.Option(help="The person's name.")] = "Administrator",
) -> None:
    """Make the first administrator of the platform, or give one that is there another password."""
    from settings import load
    from supervisor.application import make_admin
    from supervisor.narration import Narrator

    asyncio.run(make_admin(load(), email, name, _password(), Narrator()))


def _password() -> str:
    """Asked for twice at a terminal, else the first line of standard input; never an argument, which others can see."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def main() -> None:
    """Run a command; a setting that cannot be used is one line, not a traceback."""
    os.chdir(ROOT)  # plugins.toml and var/ are found from the checkout, wherever the command was typed
    from settings import BadSetting
    from supervisor.errors import CannotStart

    try:
        app()
    except (BadSetting, CannotStart) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
