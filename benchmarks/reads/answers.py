"""Whether two servers gave the same answer: all of it, whatever PostGraphile's own names are."""

from __future__ import annotations

import base64
import re
from datetime import datetime
from typing import Any

from domain.locks import LockKind


def difference(first: Any, second: Any, path: str = "data") -> str | None:
    """Where two answers differ, as a path with both values; None when they are equal."""
    if isinstance(first, dict) and isinstance(second, dict):
        if first.keys() != second.keys():
            return f"{path} has {sorted(first)} and {sorted(second)}"
        return next(filter(None, (difference(first[key], second[key], f"{path}.{key}") for key in first)), None)
    if isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        pairs = enumerate(zip(first, second, strict=True))
        return next(filter(None, (difference(*pair, f"{path}[{at}]") for at, pair in pairs)), None)
    return None if first == second else f"{path} is {str(first)[:200]} and {str(second)[:200]}"


def in_our_words(data: dict[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
    """PostGraphile's answer as we would give it; `ours` is our answer, whose cursors stand for PostGraphile's own."""
    (field,) = ours
    (found,) = data.values()
    if field == "sim":
        return {field: found and _sim(found, ours[field])}
    return {field: _connection(found, ours[field])}


def _connection(found: dict[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
    said = dict(found)
    if "nodes" in said:
        said["nodes"] = [_sim(row, like) for row, like in zip(said["nodes"], ours["nodes"], strict=True)]
    if "edges" in said:
        cursors = [edge.get("cursor") for edge in said["edges"]]
        if "cursor" in ours["edges"][0] and len(set(cursors)) != len(cursors):
            raise ValueError("two rows have one cursor")
        said["edges"] = [_edge(edge, like) for edge, like in zip(said["edges"], ours["edges"], strict=True)]
    if "pageInfo" in said:
        if not said["pageInfo"]["endCursor"]:
            raise ValueError("a page without an end")
        said["pageInfo"] = said["pageInfo"] | {"endCursor": ours["pageInfo"]["endCursor"]}
    return said


def _edge(edge: dict[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
    said = {"node": _sim(edge["node"], ours["node"])}
    return {"cursor": ours["cursor"], **said} if "cursor" in edge else said


def _sim(row: dict[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
    said = dict(row)
    if "id" in said:
        said["id"] = _id("Sim", said["id"])
    if "lockMask" in said:
        said["isLocked"] = said.pop("lockMask") != 0
    if "profileByProfileId" in said:
        said["profile"] = _related("Profile", said.pop("profileByProfileId"))
    if "companyByCompanyId" in said:
        said["company"] = said.pop("companyByCompanyId")
    if "simGroupMembersBySimId" in said:
        members = said.pop("simGroupMembersBySimId")["nodes"]
        groups = [_related("SimGroup", member["simGroupByGroupId"]) for member in members]
        said["groups"] = sorted(groups, key=lambda group: group["name"].lower())
    if "simLockReasonsBySimId" in said:
        locks = [_moments(lock) for lock in said.pop("simLockReasonsBySimId")["nodes"]]
        kinds = list(LockKind)
        said["locks"] = sorted(locks, key=lambda lock: (lock["since"], kinds.index(lock["kind"])))
    if "observedStatus" in said:
        said["observed"] = _moments({"status": said.pop("observedStatus"), "asOf": said.pop("observedAt")})
    return _moments(said)


def _related(kind: str, row: dict[str, Any]) -> dict[str, Any]:
    return row | {"id": _id(kind, row["id"])} if "id" in row else row


def _id(kind: str, text: str) -> str:
    """Our global id of the row that PostGraphile's names: both hold its number."""
    number = re.sub(r"\D", "", base64.b64decode(text).decode())
    return base64.b64encode(f"{kind}:{number}".encode()).decode()


def _moments(row: dict[str, Any]) -> dict[str, Any]:
    """The row with its moments written as we write them."""
    return {key: _moment(value) if key in _MOMENTS and value else value for key, value in row.items()}


_MOMENTS = ("createdAt", "updatedAt", "since", "asOf")


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).isoformat().replace("+00:00", "Z")
