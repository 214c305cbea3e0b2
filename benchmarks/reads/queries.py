"""What is asked of every server: four shapes that a SIM table needs, and two that nothing was written for."""

from __future__ import annotations

from typing import Any

_ROW = (
    "id iccid imsi msisdn name isLocked msuCount balance currency createdAt"
    " profile { id code title apn } groups { id name } locks { kind since }"
)
PAGE = f"query Page($first: Int!, $after: String) {{ sims(first: $first, after: $after) {{ edges {{ cursor node {{ {_ROW} }} }} pageInfo {{ hasNextPage endCursor }} }} }}"  # noqa: E501
COUNTED = f"query Counted($first: Int!) {{ sims(first: $first) {{ totalCount edges {{ node {{ {_ROW} }} }} pageInfo {{ hasNextPage endCursor }} }} }}"  # noqa: E501
SEARCH = f"query Search($text: String!) {{ sims(first: 150, filter: {{search: $text}}) {{ totalCount edges {{ node {{ {_ROW} }} }} pageInfo {{ hasNextPage endCursor }} }} }}"  # noqa: E501
ONE = f"query One($iccid: Iccid!) {{ sim(iccid: $iccid) {{ {_ROW} }} }}"
NARROW = "query Narrow { sims(first: 50) { nodes { iccid name profile { code } } } }"
DRIFTING = "query Fragments { sims(first: 100) { nodes { ...Who label: name observed { status asOf } updatedAt } } } fragment Who on Sim { key: iccid number: msisdn company { name } }"  # noqa: E501


def bodies(iccid: str, text: str) -> dict[str, dict[str, Any]]:
    """The requests by what they show."""
    return {
        "page": {"query": PAGE, "variables": {"first": 150}},
        "page + count": {"query": COUNTED, "variables": {"first": 150}},
        "search": {"query": SEARCH, "variables": {"text": text}},
        "one SIM": {"query": ONE, "variables": {"iccid": iccid}},
        "narrow page": {"query": NARROW},
        "fragments": {"query": DRIFTING},
    }
