"""The same questions in the words of the schema that PostGraphile makes of the tables."""

from __future__ import annotations

from typing import Any

_ROW = (
    "id iccid imsi msisdn name lockMask msuCount balance currency createdAt profileByProfileId { id code title apn }"
    " simGroupMembersBySimId { nodes { simGroupByGroupId { id name } } } simLockReasonsBySimId { nodes { kind since } }"
)
_SIMS = "allSims(first: %d, condition: {companyId: $company}, orderBy: [CREATED_AT_DESC, ROW_ID_DESC])"
_END = "pageInfo { hasNextPage endCursor }"

SEARCH_FUNCTION = """
CREATE SCHEMA IF NOT EXISTS bench;
CREATE OR REPLACE FUNCTION bench.search_sims(company bigint, pattern text) RETURNS SETOF public.sim LANGUAGE sql STABLE AS $$
  SELECT * FROM public.sim s WHERE s.company_id = company AND s.search_text LIKE pattern
  ORDER BY s.created_at DESC, s.id DESC $$;
"""


def bodies(company_id: int, iccid: str, text: str) -> dict[str, dict[str, Any]]:
    """The requests by what they show."""
    page, narrow, fragments = _SIMS % 150, _SIMS % 50, _SIMS % 100
    search = "benchSearchSims(company: $company, pattern: $pattern, first: 150)"
    whose = {"company": str(company_id)}
    return {
        "page": _of(f"query($company: BigInt!) {{ {page} {{ edges {{ cursor node {{ {_ROW} }} }} {_END} }} }}", whose),
        "page + count": _of(
            f"query($company: BigInt!) {{ {page} {{ totalCount edges {{ node {{ {_ROW} }} }} {_END} }} }}", whose
        ),
        "search": _of(
            f"query($company: BigInt!, $pattern: String!) {{ {search} {{ totalCount edges {{ node {{ {_ROW} }} }} {_END} }} }}",
            whose | {"pattern": f"%{text}%"},
        ),
        "one SIM": _of(f"query($iccid: String!) {{ simByIccid(iccid: $iccid) {{ {_ROW} }} }}", {"iccid": iccid}),
        "narrow page": _of(
            f"query($company: BigInt!) {{ {narrow} {{ nodes {{ iccid name profileByProfileId {{ code }} }} }} }}", whose
        ),
        "fragments": _of(
            f"query($company: BigInt!) {{ {fragments} {{ nodes {{ ...Who label: name observedStatus observedAt updatedAt }} }}"
            " } fragment Who on Sim { key: iccid number: msisdn companyByCompanyId { name } }",
            whose,
        ),
    }


def _of(query: str, variables: dict[str, Any]) -> dict[str, Any]:
    return {"query": query, "variables": variables}
