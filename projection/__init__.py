"""Reads at the speed of the SQL: selection sets compiled into narrow queries and Python functions; knows no business."""

from projection.bounded_cache import BoundedCache
from projection.catalogue import Catalogue, Entry
from projection.compiled_schema import CompiledSchema, OutOfTime
from projection.complexity import Limits, TooComplex
from projection.cost import PageSizes
from projection.declaration import Beside, Column, Embed, FastFields, Fields, Moment, Nested, Rows, Shape
from projection.field_info import plan_of
from projection.measure import LIST_SIZE
from projection.plan import Plan, Projected

__all__ = [
    "LIST_SIZE",
    "Beside",
    "BoundedCache",
    "Catalogue",
    "Column",
    "CompiledSchema",
    "Embed",
    "Entry",
    "FastFields",
    "Fields",
    "Limits",
    "Moment",
    "Nested",
    "OutOfTime",
    "PageSizes",
    "Plan",
    "Projected",
    "Rows",
    "Shape",
    "TooComplex",
    "plan_of",
]
