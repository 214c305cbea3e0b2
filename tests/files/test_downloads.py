"""Links are signed, expire, belong to one company and one file; whatever else is asked for is not found."""

from __future__ import annotations

import base64
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from email.message import Message
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.applications import Starlette

from domain.clock import clock
from services.files.download_links import Download, DownloadLinks, open_download_links
from services.files.file_store import FileKey, FileStore
from settings import BadSetting, Settings
from tests.files.test_file_store import BAD_KEYS, pieces
from tests.transport.serving import Endpoint, serving
from tests.worlds import TwoCompanies
from transport.downloads import download_routes

LINKS = DownloadLinks("http://api.example.com/", "s" * 40)
CSV = "text/csv; charset=utf-8"


def soon() -> timedelta:
    return timedelta(minutes=5)


def path_of(link: str) -> str:
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}"


@pytest.fixture
async def door(store: FileStore) -> AsyncIterator[Endpoint]:
    """The route, served, over each kind of store."""
    async with serving(Starlette(routes=list(download_routes(store, LINKS)))) as endpoint:
        yield endpoint


def of_company(company_id: int) -> Download:
    return Download(FileKey("exports", company_id, "1.csv"), "Отчёт «март».csv", CSV)


async def test_a_link_gives_the_file_under_its_name(door: Endpoint, store: FileStore) -> None:
    download = of_company(7)
    await store.write(download.key, pieces(6))
    path = path_of(LINKS.link(download, clock.now() + soon()))

    got = await door.get(path)

    assert got.status_code == 200
    assert got.content == b"".join([piece async for piece in pieces(6)])
    assert got.headers["content-type"] == CSV
    assert got.headers["content-length"] == "6000000"
    assert got.headers["cache-control"] == "no-store"
    assert got.headers["x-content-type-options"] == "nosniff"
    said = Message()
    said["Content-Disposition"] = got.headers["content-disposition"]
    assert said.get_content_disposition() == "attachment"
    assert got.headers["content-disposition"].isascii()
    assert "filename*=UTF-8''%D0%9E%D1%82%D1%87" in got.headers["content-disposition"]


async def test_an_expired_link_is_gone_and_says_what_to_do(door: Endpoint, store: FileStore) -> None:
    download = of_company(7)
    await store.write(download.key, b"x")
    path = path_of(LINKS.link(download, clock.now() + soon()))

    assert (await door.get(path)).status_code == 200
    clock.shift_to(2 * soon())
    got = await door.get(path)

    assert got.status_code == 410
    assert "take a new one" in got.text
    assert got.headers["cache-control"] == "no-store"


async def test_a_link_that_we_did_not_give_out_finds_nothing(door: Endpoint, store: FileStore) -> None:
    for company in (7, 8):
        for name in ("1.csv", "2.csv"):
            await store.write(FileKey("exports", company, name), b"secret")
    link = LINKS.link(of_company(7), clock.now() + soon())
    path = path_of(link)
    _, _, mac = parse_qs(urlsplit(link).query)["signature"][0].rpartition(".")
    forged = base64.urlsafe_b64encode(b'["exports/8/1.csv",8,"x","text/csv",99999999999]').decode().rstrip("=")
    spoilt = {
        "signature": path[:-5] + ("AAAAA" if path[-5:] != "AAAAA" else "BBBBB"),
        "no signature": urlsplit(link).path,
        "other file": path.replace("1.csv", "2.csv"),
        "other company": path.replace("/7/", "/8/"),
        "other secret": path_of(DownloadLinks("http://x", "t" * 40).link(of_company(7), clock.now() + soon())),
        "payload": f"/downloads/exports/8/1.csv?signature={forged}.{mac}",
    }

    answers = {what: await door.get(changed) for what, changed in spoilt.items()}

    assert (await door.get(path)).status_code == 200
    assert {what: got.status_code for what, got in answers.items()} == dict.fromkeys(spoilt, 404)
    assert all("There is no such file" in got.text for got in answers.values())


LEADING_ELSEWHERE = [*BAD_KEYS, "%2e%2e/%2e%2e/etc/passwd", "exports/7/%00.csv", "%2Fetc%2Fpasswd", "..%2f..%2fvar"]


async def test_names_that_lead_elsewhere_are_not_found(door: Endpoint) -> None:
    signature = parse_qs(urlsplit(LINKS.link(of_company(7), clock.now() + soon())).query)["signature"][0]

    for key in LEADING_ELSEWHERE:
        raw = key.replace("\x00", "%00").replace("\n", "%0A").replace("Отчёт", "%D0%9E")
        # Sent as it stands: a client library would tidy the path up.
        head = f"GET /downloads/{raw}?signature={signature} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        answer = await door.raw(head.encode())
        assert answer.startswith(b"HTTP/1.1 404"), key


async def test_a_signed_key_that_leads_elsewhere_is_not_found_either(door: Endpoint) -> None:
    for key in ("exports/7/..", "/etc/passwd", "exports/7/a\x00"):
        signature = LINKS._signer.dumps([key, 7, "x", CSV, int(clock.now().timestamp()) + 100])
        raw = key.replace("\x00", "%00")
        head = f"GET /downloads/{raw}?signature={signature} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        assert (await door.raw(head.encode())).startswith(b"HTTP/1.1 404")


async def test_a_file_that_is_gone_is_not_found(door: Endpoint) -> None:
    assert (await door.get(path_of(LINKS.link(of_company(7), clock.now() + soon())))).status_code == 404


async def test_who_says_who_they_are_must_see_the_company(
    door: Endpoint, store: FileStore, world: TwoCompanies
) -> None:
    download = of_company(world.company.id)
    await store.write(download.key, b"ours")
    path = path_of(LINKS.link(download, clock.now() + soon()))

    answers = {
        who: (await door.get(path, Authorization=f"Bearer {login.token}")).status_code
        for who, login in {"viewer": world.viewer, "staff": world.staff, "other": world.other_owner}.items()
    }

    assert answers == {"viewer": 200, "staff": 200, "other": 404}
    assert (await door.get(path)).status_code == 200
    assert (await door.get(path, Authorization="Bearer nct_nobody")).status_code == 404


def test_a_secret_is_needed_in_production_and_made_once_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="LINK_SECRET"):
        open_download_links(Settings(var_dir=tmp_path))

    settings = Settings(var_dir=tmp_path, environment="development", port=8123)
    first, second = open_download_links(settings), open_download_links(settings)
    link = first.link(of_company(7), clock.now() + soon())

    assert link.startswith("http://127.0.0.1:8123/downloads/exports/7/1.csv?signature=")
    signature = parse_qs(urlsplit(link).query)["signature"][0]
    assert second.read("exports/7/1.csv", signature) == of_company(7)
    assert os.stat(tmp_path / "link-secret").st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["link-secret"]
