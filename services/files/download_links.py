"""Links by which a file is fetched without a login: signed, expiring, bound to one company and one file."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

from itsdangerous import BadSignature, URLSafeSerializer

from domain.clock import clock
from services.files.file_store import BadKey, FileKey
from settings import BadSetting, Settings

PATH = "/downloads/"
"""Where the API serves files; the key of a file follows."""

SHORT = timedelta(hours=1)
"""How long a link is good that was made for somebody who is looking at it now."""

_SALT = "novaconnect.download"


class LinkUnknown(Exception):
    """The link was not given out by us for this file, or was altered."""


class LinkExpired(Exception):
    """The link was good once."""


@dataclass(frozen=True, slots=True)
class Download:
    """What a link stands for: the file, and under which name and media type the browser gets it."""

    key: FileKey
    file_name: str
    media_type: str


class DownloadLinks:
    """Makes and reads links. `base_url` is where clients reach the API."""

    def __init__(self, base_url: str, secret: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._signer = URLSafeSerializer(secret, salt=_SALT)

    def link(self, download: Download, expires_at: datetime) -> str:
        """The address of a file until a moment of business time."""
        key = download.key
        body = [str(key), key.company_id, download.file_name, download.media_type, int(expires_at.timestamp())]
        query = urlencode({"signature": self._signer.dumps(body)})
        return f"{self._base_url}{PATH}{key}?{query}"

    def short_link(self, download: Download, expires_at: datetime) -> str:
        """A link for now, that in any case ends when the file does."""
        return self.link(download, min(clock.now() + SHORT, expires_at))

    def read(self, path: str, signature: str) -> Download:
        """What the link of this path and signature stands for; raises `LinkUnknown` or `LinkExpired`."""
        try:
            key = FileKey.parse(path)
            signed_key, company_id, file_name, media_type, expires = self._signer.loads(signature)
        except (BadKey, BadSignature, ValueError, TypeError) as error:
            raise LinkUnknown from error
        if signed_key != path or company_id != key.company_id:
            raise LinkUnknown
        if datetime.fromtimestamp(expires, UTC) <= clock.now():
            raise LinkExpired
        return Download(key, file_name, media_type)


def open_download_links(settings: Settings) -> DownloadLinks:
    """The links of this installation; raises `BadSetting` in production without `LINK_SECRET`.

    Elsewhere a secret is made once and kept in the folder `NOVACONNECT_VAR`, where API, worker and scheduler find it.
    """
    base_url = settings.public_url or f"http://{settings.host}:{settings.port}"
    return DownloadLinks(base_url, settings.link_secret or _made_secret(settings))


def _made_secret(settings: Settings) -> str:
    if settings.environment == "production":
        raise BadSetting(
            "LINK_SECRET is not set: give at least 32 random characters, or file:PATH of a file with them."
        )
    place: Path = settings.var_dir / "link-secret"
    place.parent.mkdir(parents=True, exist_ok=True)
    # Several programs start at once: who comes first writes it whole, the others read it.
    fresh = place.with_name(f"link-secret-{secrets.token_hex(8)}")
    fresh.touch(mode=0o600)
    fresh.write_text(secrets.token_urlsafe(48))
    with suppress(FileExistsError):
        place.hardlink_to(fresh)
    fresh.unlink()
    return place.read_text()


_in_use: DownloadLinks | None = None


def use_download_links(links: DownloadLinks | None) -> None:
    """From now on these are the process's links; the composition roots call it."""
    global _in_use
    _in_use = links


def download_links() -> DownloadLinks:
    """The process's links."""
    if _in_use is None:
        raise RuntimeError("no download links are open")
    return _in_use
