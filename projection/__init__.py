"""Reads at the speed of the SQL: selection sets compiled into narrow queries and Python functions; knows no business."""

from projection.bounded_cache import BoundedCache
from projection.catalogue import Catalogue, Entry
from projection.compiled_schema import CompiledSchema
from projection.declaration import Beside, Column, Embed, FastFields, Fields, Nested, Rows, Shape
from projection.field_info import plan_of
from projection.plan import Plan, Projected

__all__ = [
    "Beside",
    "BoundedCache",
    "Catalogue",
    "Column",
    "CompiledSchema",
    "Embed",
    "Entry",
    "FastFields",
    "Fields",
    "Nested",
    "Plan",
    "Projected",
    "Rows",
    "Shape",
    "plan_of",
]
