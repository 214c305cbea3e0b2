"""Settings that cannot be used are refused with one sentence that says what to change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from settings import BadSetting, load, read_plugins_file
from settings.references import resolve_references

Write = Callable[[str], Path]
HEAD = '[profiles.QQ]\ntitle = "Quiet"\ndriver = "none"\n'


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"NOVACONNECT_ENVIRONMENT": "staging"}, "NOVACONNECT_ENVIRONMENT"),
        ({"PORT": "eighty"}, "PORT"),
        ({"PORT": "70000"}, "PORT"),
        ({"PORT": "８０"}, "PORT"),
        ({"DATABASE_POOL_SIZE": "1"}, "DATABASE_POOL_SIZE"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL"),
        ({"GRAPHIQL": "perhaps"}, "GRAPHIQL"),
        ({"CLOCK": "sundial"}, "CLOCK"),
        ({"SUPPORT_EMAIL": "support"}, "SUPPORT_EMAIL"),
        ({"SUPPORT_EMAIL": "a@b@c"}, "SUPPORT_EMAIL"),
        ({"SUPPORT_PHONE": "+7\n727"}, "SUPPORT_PHONE"),
        ({"MAIL_FROM": "NovaConnect"}, "MAIL_FROM"),
        ({"LINK_SECRET": "short"}, "LINK_SECRET"),
        ({"LINK_SECRET": "file:/nowhere/at/all"}, "LINK_SECRET"),
        ({"PUBLIC_URL": "api.example.com"}, "PUBLIC_URL"),
        ({"PUBLIC_URL": "https://api.example.com?x=1"}, "PUBLIC_URL"),
        ({"CLOCK": "simulator"}, "CLOCK"),
        ({"CLOCK": "simulator", "NOVACONNECT_ENVIRONMENT": "test"}, "SIMULATOR_ADMIN_URL"),
    ],
)
def test_a_bad_variable_is_named(environ: dict[str, str], named: str) -> None:
    with pytest.raises(BadSetting, match=named) as caught:
        load(environ)

    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_without_anything_the_settings_are_those_of_production() -> None:
    settings = load({})

    assert (settings.environment, settings.clock, settings.graphiql) == ("production", "system", False)
    with pytest.raises(BadSetting, match="DATABASE_URL"):
        settings.require_database()
    with pytest.raises(BadSetting, match="REDIS_URL"):
        settings.require_redis()


@pytest.mark.parametrize(
    ("url", "broker"),
    [
        ("redis://127.0.0.1:6379", "redis://127.0.0.1:6379/1"),
        ("redis://:secret@127.0.0.1:6379/4", "redis://:secret@127.0.0.1:6379/5"),
    ],
)
def test_the_queue_has_a_database_of_its_own(url: str, broker: str) -> None:
    assert load({"REDIS_URL": url}).broker_url == broker


def test_the_secret_of_links_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x" * 40 + "\n")

    assert load({"LINK_SECRET": f"file:{tmp_path / 'secret'}"}).link_secret == "x" * 40
    assert load({"LINK_SECRET": "y" * 40}).link_secret == "y" * 40


@pytest.mark.parametrize("key", ["password", "api_key", "license_key", "client_secret", "PASSWORD", "access_token"])
@pytest.mark.parametrize("value", ['"demo-tsim"', "12345", '["a"]', '""'])
def test_a_literal_secret_is_refused_without_repeating_it(plugins_file: Write, key: str, value: str) -> None:
    path = plugins_file(f"{HEAD}[profiles.QQ.settings]\n{key} = {value}\n")

    with pytest.raises(BadSetting, match=key) as caught:
        read_plugins_file(path)

    assert str(caught.value).startswith(f"{path}:1: profile QQ")
    assert "demo-tsim" not in str(caught.value)
    assert "12345" not in str(caught.value)


def test_a_literal_secret_in_a_nested_table_is_refused(plugins_file: Write) -> None:
    path = plugins_file(f'{HEAD}[profiles.QQ.settings.soap]\npassword = "demo"\n')

    with pytest.raises(BadSetting, match="literal secret"):
        read_plugins_file(path)


def test_a_default_for_a_secret_is_a_literal_secret(plugins_file: Write) -> None:
    path = plugins_file(f'{HEAD}[profiles.QQ.settings]\npassword = "env:NAME|demo-tsim"\n')

    with pytest.raises(BadSetting, match="literal secret") as caught:
        read_plugins_file(path)

    assert "demo-tsim" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names no profile"),
        ("[profiles", "not valid TOML"),
        ("profiles = 3", "must be tables"),
        ("[profiles]\nQQ = 3", "must be tables"),
        ('[profiles.qq]\ntitle = "a"\ndriver = "none"', "Latin capitals"),
        ('[profiles."ТС"]\ntitle = "a"\ndriver = "none"', "Latin capitals"),
        ('[profiles.QQ]\ndriver = "none"', "title"),
        ('[profiles.QQ]\ntitle = "a"', "driver"),
        ('[profiles.QQ]\ntitle = "a"\ndriver = "none"\ncolour = "red"', "colour"),
        ('[profiles.QQ]\ntitle = "a"\ndriver = "none"\nsettings = 3', "settings"),
        (f"{HEAD}[plugins.a]\nmodule = 3", "module"),
        (f'{HEAD}[plugins.a]\nmodul = "a"', "modul"),
    ],
)
def test_a_plugins_file_that_cannot_be_used_says_where(plugins_file: Write, text: str, said: str) -> None:
    path = plugins_file(text)

    with pytest.raises(BadSetting) as caught:
        read_plugins_file(path)

    assert str(path) in str(caught.value)
    assert said in str(caught.value)


def test_a_plugins_file_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="NOVACONNECT_PLUGINS"):
        read_plugins_file(tmp_path / "nowhere.toml")


def test_references_are_followed(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from a file\n")
    settings = {
        "a": "env:A",
        "b": "env:B|fallback",
        "c": f"file:{tmp_path / 'key'}",
        "d": 5,
        "e": {"f": "env:A"},
        "g": "plain",
    }

    resolved = resolve_references(settings, {"A": "value"})

    assert resolved == {"a": "value", "b": "fallback", "c": "from a file", "d": 5, "e": {"f": "value"}, "g": "plain"}


@pytest.mark.parametrize("reference", ["env:NOT_SET", "file:/nowhere/at/all"])
def test_a_reference_to_nothing_is_named(reference: str) -> None:
    with pytest.raises(BadSetting, match="`password`"):
        resolve_references({"password": reference}, {})
