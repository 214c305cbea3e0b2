"""The documents keep up: everything a reader has to know by name is in them, and the GraphQL they show is valid."""

from __future__ import annotations

import ast
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import typer.main
from graphql import FieldNode, OperationDefinitionNode, build_schema, parse, validate
from graphql.execution.values import get_variable_values

import manage
from domain.outcomes import OutcomeCode
from novaconnect_sdk.hookspecs import DriverHooks
from schema.enums import ErrorCode
from settings import load

ROOT = Path(__file__).resolve().parent.parent
NOT_OURS = {"var", "build", "dist", "__pycache__"}
DOCUMENTS = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md")))
}
README = DOCUMENTS["README.md"]
SCHEMA = build_schema((ROOT / "schema" / "schema.graphql").read_text(encoding="utf-8"))
AUTH_SCHEMA = build_schema((ROOT / "schema" / "auth.graphql").read_text(encoding="utf-8"))
AUTH_FIELDS = {field for root in ("AuthQuery", "AuthMutation") for field in AUTH_SCHEMA.type_map[root].fields}  # type: ignore[attr-defined]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
_CODE = re.compile(r"`([^`\n]+)`")
_OPERATION = re.compile(r"\s*(query|mutation|subscription)\b[^{]*\{")


@dataclass(frozen=True)
class Snippet:
    """A GraphQL document that a reader may copy, with the variables that stand beside it."""

    place: str
    text: str
    variables: dict[str, Any] | None = field(default=None)


class Remembering(dict[str, str]):
    """An environment without any variable that remembers which ones were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return default


def section(document: str, title: str) -> str:
    """The text under a heading of the second level."""
    match = re.search(rf"^## {re.escape(title)}$(.*?)(?=^## |\Z)", document, re.MULTILINE | re.DOTALL)
    assert match is not None, f"there is no section {title}"
    return match[1]


def first_column(text: str) -> set[str]:
    """What stands as code in the first cell of each row of the tables."""
    rows = (line.split("|")[1] for line in text.splitlines() if line.startswith("|"))
    return {code for cell in rows for code in _CODE.findall(cell)}


def commands(group: Any, prefix: str = "manage.py") -> Iterator[str]:
    """Every command of the command line in full, without the groups."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{prefix} {name}")
        else:
            yield f"{prefix} {name}"


def requirements(name: str) -> set[str]:
    """The names of the packages that a file asks for itself."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return {re.split(r"[=<>\[ ]", line)[0] for line in lines if line and not line.startswith(("#", "-"))}


def snippets() -> Iterator[Snippet]:
    """GraphQL in fences of its own, in the JSON of shell commands, and in the strings of Python programs."""
    for name, document in DOCUMENTS.items():
        for number, (language, text) in enumerate(_FENCE.findall(document), start=1):
            place = f"{name}, fence {number}"
            if language == "graphql":
                yield Snippet(place, text)
            elif language == "sh":
                for word in shlex.split(text, comments=True):
                    if word.lstrip().startswith("{") and '"query"' in word:
                        body = json.loads(word)
                        yield Snippet(place, body["query"], body.get("variables", {}))
            elif language == "python" and "graphql-transport-ws" in text:
                for node in ast.walk(ast.parse(text)):
                    if isinstance(node, ast.Constant) and isinstance(node.value, str) and _OPERATION.match(node.value):
                        yield Snippet(place, node.value)


SNIPPETS = list(snippets())


@pytest.mark.parametrize("command", list(commands(typer.main.get_command(manage.app))))
def test_every_command_is_described(command: str) -> None:
    described = first_column(section(README, "Commands"))

    assert any(entry == command or entry.startswith(f"{command} ") for entry in described)


def test_every_environment_variable_that_is_read_is_in_the_configuration_table() -> None:
    environment = Remembering()

    load(environment)

    assert "DATABASE_URL" in environment.asked
    assert environment.asked - first_column(section(README, "Configuration")) == set()


def test_every_variable_that_the_shipped_plugins_file_refers_to_is_in_the_configuration_table() -> None:
    text = (ROOT / "plugins.toml").read_text(encoding="utf-8")

    referred = set(re.findall(r'"env:([A-Z_]+)', text))

    assert "TSIM_PASSWORD" in referred
    assert referred - first_column(section(README, "Configuration")) == set()


def test_every_hook_of_the_sdk_is_in_the_guide_for_driver_authors() -> None:
    hooks = {name for name in vars(DriverHooks) if not name.startswith("_")}

    assert hooks
    assert {hook for hook in hooks if f"`{hook}`" not in DOCUMENTS["docs/writing-a-driver.md"]} == set()


def test_the_map_of_the_repository_shows_exactly_the_folders_there_are() -> None:
    folders = {
        f"{path.name}/"
        for path in ROOT.iterdir()
        if path.is_dir() and not path.name.startswith(".") and path.name not in NOT_OURS
    }

    shown = {entry for entry in first_column(section(README, "Where things are")) if entry.endswith("/")}

    assert shown == folders


def test_the_table_of_dependencies_has_exactly_the_direct_ones() -> None:
    assert first_column(section(README, "Dependencies")) == requirements("requirements.in")


def test_what_the_tests_need_besides_is_named() -> None:
    named = set(_CODE.findall(section(README, "Dependencies")))

    assert requirements("requirements-dev.in") - named == set()


def test_the_table_of_errors_has_exactly_the_codes_of_the_schema() -> None:
    codes = first_column(section(DOCUMENTS["docs/api.md"], "Errors"))

    assert codes == {code.value for code in ErrorCode}


def test_there_is_advice_for_every_outcome() -> None:
    rows = section(DOCUMENTS["docs/operations.md"], "What to do about an outcome")

    assert {code.value for code in OutcomeCode} - set(_CODE.findall(rows)) == set()


def test_snippets_of_all_three_kinds_are_found() -> None:
    kinds = {
        definition.operation.value
        for snippet in SNIPPETS
        for definition in parse(snippet.text).definitions
        if isinstance(definition, OperationDefinitionNode)
    }
    in_shell = [snippet for snippet in SNIPPETS if snippet.variables]
    in_readme = [snippet for snippet in SNIPPETS if snippet.place.startswith("README.md")]

    assert kinds == {"query", "mutation", "subscription"}
    assert in_shell
    assert len(in_readme) >= 8


@pytest.mark.parametrize("snippet", SNIPPETS, ids=lambda snippet: f"{snippet.place}: {snippet.text.strip()[:30]}")
def test_a_snippet_is_valid_against_the_schema(snippet: Snippet) -> None:
    document = parse(snippet.text)
    (first, *_) = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    asked = {node.name.value for node in first.selection_set.selections if isinstance(node, FieldNode)}
    schema = AUTH_SCHEMA if asked <= AUTH_FIELDS else SCHEMA

    assert validate(schema, document) == []
    if snippet.variables is not None:
        (operation,) = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        given = get_variable_values(schema, list(operation.variable_definitions or ()), snippet.variables)
        assert not isinstance(given, list), given


@pytest.mark.parametrize("name", list(DOCUMENTS))
def test_links_between_documents_lead_somewhere(name: str) -> None:
    here = (ROOT / name).parent

    assert [link for link in _LINK.findall(DOCUMENTS[name]) if not (here / link).exists()] == []
