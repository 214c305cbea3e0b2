"""What a log line holds, and what it never does."""

from __future__ import annotations

import logging

import orjson
import pytest

from services.process.log_setup import JsonLines, redact


@pytest.mark.parametrize(
    ("text", "logged"),
    [
        ("token nct_Ab-9_z refused", "token <token> refused"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer <secret>"),
        ("postgresql://nova:s3cret@db:5432/nova", "postgresql://<credentials>@db:5432/nova"),
        ("GET /tsim?uname=demo&upass=x HTTP/1.1", "GET /tsim?<query> HTTP/1.1"),
        ("Key (iccid)=(8937204000000000016).", "Key (iccid)=(<number>)."),
        ("SIM 8937204000000000016.", "SIM <number>."),
        ("called +77010000001", "called <number>"),
        ("mail to olga.owner@example.com", "mail to <address>"),
        ("operation 4711 took 12.5 s on port 8000", "operation 4711 took 12.5 s on port 8000"),
    ],
)
def test_nothing_personal_and_no_secret_is_logged(text: str, logged: str) -> None:
    assert redact(text) == logged


def test_a_line_is_json_with_the_place_of_an_error_and_without_its_text() -> None:
    try:
        raise ValueError("8937204000000000016 belongs to Olga")
    except ValueError as error:
        raised = (type(error), error, error.__traceback__)
    record = logging.LogRecord("novaconnect.test", logging.ERROR, __file__, 1, "failed: %s", ("x",), raised)
    line = orjson.loads(JsonLines("api").format(record))
    assert (line["level"], line["logger"], line["message"], line["error"]) == (
        "ERROR",
        "novaconnect.test",
        "failed: x",
        "ValueError",
    )
    assert line["frames"][0].endswith("test_a_line_is_json_with_the_place_of_an_error_and_without_its_text")
    assert "Olga" not in str(line)
