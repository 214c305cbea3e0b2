"""Lists as Relay connections, over pages that services give."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

import strawberry

from services.paging import Page

NodeType = TypeVar("NodeType")


@strawberry.interface(description="Anything that has an id by which `node` finds it again.")
class Node:
    """An object with a global id."""

    id: strawberry.ID = strawberry.field(description="The global id.")


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    """Relay's page information."""

    has_next_page: bool = strawberry.field(
        description="Whether rows follow; with `last`, whether `before` was given and so at least its row follows."
    )
    has_previous_page: bool = strawberry.field(
        description="Whether rows precede; with `first`, whether `after` was given and so at least its row precedes."
    )
    start_cursor: str | None = strawberry.field(description="The cursor of the first row; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last row; null on an empty page.")


@strawberry.type(description="A row of a list with its place.")
class Edge(Generic[NodeType]):
    """A node with its cursor."""

    node: NodeType = strawberry.field(description="The row.")
    cursor: str = strawberry.field(description="Its place, for `after` and `before` in the same order.")


@strawberry.type(description="One page of a list.")
class Connection(Generic[NodeType]):
    """A page of rows, turned into nodes when they are asked for."""

    page: strawberry.Private[Page[Any]]
    make: strawberry.Private[Callable[[Any], Any]]
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field(description="The rows of the page, each with its place.")
    def edges(self) -> list[Edge[NodeType]]:
        """Nodes with cursors."""
        return [Edge(node=self.make(row), cursor=self.page.cursor(at)) for at, row in enumerate(self.page.rows)]

    @strawberry.field(description="The rows of the page.")
    def nodes(self) -> list[NodeType]:
        """Nodes alone."""
        return [self.make(row) for row in self.page.rows]

    @strawberry.field(description="Where the page lies in the list.")
    def page_info(self) -> PageInfo:
        """Ends of the page."""
        last = len(self.page.rows) - 1
        return PageInfo(
            has_next_page=self.page.has_next,
            has_previous_page=self.page.has_previous,
            start_cursor=self.page.cursor(0) if last >= 0 else None,
            end_cursor=self.page.cursor(last) if last >= 0 else None,
        )

    @strawberry.field(description="How many rows the whole list has, exactly. Counted only when asked for.")
    async def total_count(self) -> int:
        """The size of the whole list."""
        return await self.count()
