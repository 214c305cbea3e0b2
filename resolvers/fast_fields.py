"""Every list and object of the schema that answers by projection: a line each."""

from __future__ import annotations

from access import ACCESS_VERSION
from projection import FastFields
from resolvers.invoice_projection import INVOICE
from resolvers.operation_projection import ITEM, OPERATION
from resolvers.report_projection import declare_reports
from resolvers.sim_projection import GROUP, SESSION, SIM

FAST = FastFields(proof=ACCESS_VERSION)
"""What `CompiledSchema` is given."""
FAST.connection("Query", "sims", SIM)
FAST.object("Query", "sim", SIM)
FAST.connection("Query", "groups", GROUP)
FAST.connection("Query", "operations", OPERATION)
FAST.object("Query", "operation", OPERATION)
FAST.connection("Operation", "items", ITEM)
FAST.connection("Sim", "history", ITEM)
FAST.connection("Sim", "sessions", SESSION)
FAST.connection("Query", "invoices", INVOICE)
FAST.object("Query", "invoice", INVOICE)
declare_reports(FAST)
