"""`var/demo.json` is whole when it is there, private, and gone after a stop; a demo cannot reach a real operator."""

from __future__ import annotations

import io
import json
from pathlib import Path

from settings import load
from supervisor.demo_environment import demo_environment
from supervisor.demo_file import demo_content, demo_file, print_welcome
from supervisor.narration import Narrator


def content(tmp_path: Path) -> dict[str, object]:
    environ = {"DATABASE_URL": "postgresql://localhost/nova", "REDIS_URL": "redis://localhost", "HOST": "0.0.0.0"}
    settings = load(environ | demo_environment(18090, tmp_path, 8123))
    tokens, emails = {"owner": "nova_owner", "staff": "nova_staff"}, {"owner": "owner@steppe.example"}
    return demo_content(settings, tokens, emails, "of this start")


def test_the_file_has_what_a_script_needs_and_is_removed_at_stop(tmp_path: Path) -> None:
    path = tmp_path / "demo.json"

    with demo_file(path, content(tmp_path)):
        read = json.loads(path.read_text())
        assert path.stat().st_mode & 0o077 == 0
        assert list(tmp_path.iterdir()) == [path]

    assert read["graphql_url"] == "http://127.0.0.1:8123/graphql"
    assert read["ws_url"] == "ws://127.0.0.1:8123/graphql"
    assert read["simulator_admin_url"] == "http://127.0.0.1:18090/admin"
    assert read["auth_url"] == "http://127.0.0.1:8123/auth/graphql"
    assert read["users"] == {"owner": {"email": "owner@steppe.example", "password": "of this start"}}
    assert read["tokens"] == {"owner": "nova_owner", "staff": "nova_staff"}
    assert not path.exists()


def test_a_person_reads_the_address_the_tokens_and_a_query(
    tmp_path: Path, narrator: Narrator, printed: io.StringIO
) -> None:
    print_welcome(narrator, content(tmp_path), tmp_path / "demo.json")

    said = printed.getvalue()
    assert "http://127.0.0.1:8123/graphql" in said
    assert "nova_staff" in said
    assert "owner@steppe.example" in said and "of this start" in said
    assert "Bearer nova_owner" in said


def test_a_demo_ignores_operator_addresses_and_secrets_of_the_shell(tmp_path: Path) -> None:
    shell = {"TSIM_BASE_URL": "https://operator.example", "TSIM_PASSWORD": "real", "JASPER_API_KEY": "real"}

    environ = shell | demo_environment(18090, tmp_path, 8000)

    assert "real" not in environ.values()
    assert environ["TSIM_BASE_URL"] == environ["JASPER_BASE_URL"] == "http://127.0.0.1:18090"
