"""The GraphQL schema, put together from the root fields."""

from __future__ import annotations

from functools import lru_cache

import strawberry
from strawberry.schema.config import StrawberryConfig

from projection import Limits, PageSizes
from resolvers.account_mutation import AccountMutation
from resolvers.account_query import AccountQuery
from resolvers.billing_mutation import BillingMutation
from resolvers.billing_query import BillingQuery
from resolvers.catalogue_query import CatalogueQuery
from resolvers.company_mutation import CompanyMutation
from resolvers.downloads import DownloadMutation, DownloadQuery, DownloadSubscription
from resolvers.error_policy import NovaSchema
from resolvers.fast_fields import FAST
from resolvers.group_mutation import GroupMutation
from resolvers.home import HomeQuery, SupportMutation
from resolvers.notifications import MessageMutation, NotificationMutation, NotificationQuery, NotificationSubscription
from resolvers.operation_mutation import OperationMutation
from resolvers.operation_query import OperationQuery
from resolvers.payment_mutation import PaymentMutation
from resolvers.payment_query import PaymentQuery
from resolvers.reading_query import ReadingQuery
from resolvers.report_query import ReportQuery
from resolvers.sim_query import SimQuery
from resolvers.subscription import LiveSubscription
from schema.scalars import SCALARS
from services.paging import DEFAULT_SIZE, MAX_SIZE


@strawberry.type(description="Reading. Every field shows only what the user behind the access token may see.")
class Query(
    SimQuery,
    OperationQuery,
    ReadingQuery,
    AccountQuery,
    ReportQuery,
    DownloadQuery,
    CatalogueQuery,
    HomeQuery,
    NotificationQuery,
    BillingQuery,
    PaymentQuery,
):
    """All queries."""


@strawberry.type(
    description="Changing. A refusal is in `userErrors` and has changed nothing; a change of SIMs is an operation that"
    " goes on after the answer."
)
class Mutation(
    OperationMutation,
    GroupMutation,
    BillingMutation,
    SupportMutation,
    AccountMutation,
    CompanyMutation,
    NotificationMutation,
    MessageMutation,
    DownloadMutation,
    PaymentMutation,
):
    """All mutations."""


@strawberry.type(
    description="Live changes. Each stream begins with a snapshot, then sends at most 5 events a second, each with the"
    " latest state; it ends with the error UNAUTHENTICATED when access ends."
)
class Subscription(LiveSubscription, NotificationSubscription, DownloadSubscription):
    """All subscriptions."""


@lru_cache(maxsize=1)
def build_schema() -> NovaSchema:
    """The schema; made once a process."""
    return NovaSchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        fast=FAST,
        limits=Limits(pages=PageSizes(DEFAULT_SIZE, MAX_SIZE)),
        config=StrawberryConfig(scalar_map=SCALARS, relay_max_results=MAX_SIZE),
    )
