"""Who bills, invoices with their lines, exchange rates, packages connected, and the monthly run."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from decimal import Decimal
from domain.billing.invoices import InvoiceKind, InvoiceState, Service
from models.billing import ExchangeRateState
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields

# The counter is a row, not a sequence: a number that a rolled-back transaction took is given again, so there is no gap.
TABLES = [
    """CREATE TABLE invoice_counter (
         legal_entity_id bigint NOT NULL REFERENCES legal_entity (id),
         kind text NOT NULL,
         last_value int NOT NULL DEFAULT 0,
         PRIMARY KEY (legal_entity_id, kind)
       )""",
    """CREATE TABLE rounding_quantum (
         legal_entity_id bigint NOT NULL REFERENCES legal_entity (id),
         currency text NOT NULL,
         effective_on date NOT NULL,
         quantum numeric(10, 4) NOT NULL CHECK (quantum > 0),
         PRIMARY KEY (legal_entity_id, currency, effective_on)
       )""",
    """CREATE TABLE usage_freeze (
         company_id bigint NOT NULL REFERENCES company (id),
         period date NOT NULL,
         frozen_at timestamptz NOT NULL,
         PRIMARY KEY (company_id, period)
       )""",
]

RULES = [
    "ALTER TABLE charge ALTER counts SET DEFAULT true,"
    " ADD CONSTRAINT charge_of_invoice FOREIGN KEY (invoice_id) REFERENCES invoice (id)",
    "ALTER TABLE invoice ALTER paid_amount SET DEFAULT 0, ALTER snapshot SET DEFAULT '{}',"
    " ADD CONSTRAINT invoice_corrects FOREIGN KEY (corrects_id) REFERENCES invoice (id),"
    " ADD CONSTRAINT invoice_rate FOREIGN KEY (rate_id) REFERENCES exchange_rate (id),"
    " ADD CONSTRAINT issued_in_full CHECK (state = 'DRAFT' OR num_nulls(number, number_value, issued_on, issued_at, rate,"
    " quantum, local_amount) = 0),"
    " ADD CONSTRAINT period_is_a_month CHECK (extract(day FROM period) = 1)",
    "ALTER TABLE billing_run ALTER companies SET DEFAULT 0, ALTER issued SET DEFAULT 0, ALTER held SET DEFAULT 0",
    "ALTER TABLE legal_entity ALTER is_sample SET DEFAULT false",
    "CREATE UNIQUE INDEX invoice_number_value ON invoice (legal_entity_id, kind, number_value)",
    "CREATE UNIQUE INDEX invoice_corrected_once ON invoice (corrects_id) WHERE corrects_id IS NOT NULL",
    "CREATE INDEX invoice_of_company ON invoice (company_id, period, id)",
    "CREATE INDEX invoice_by_period ON invoice (period, id)",
    "CREATE INDEX invoice_open ON invoice (company_id) WHERE state IN ('ISSUED', 'PART_PAID')",
    "CREATE INDEX invoice_draft ON invoice (legal_entity_id, period, company_id) WHERE state = 'DRAFT'",
    "CREATE INDEX invoice_unannounced ON invoice (id) WHERE state <> 'DRAFT' AND announced_at IS NULL",
    "CREATE INDEX charge_of_invoice_line ON charge (invoice_id, id) WHERE invoice_id IS NOT NULL",
    "CREATE INDEX charge_unbilled ON charge (company_id) WHERE invoice_id IS NULL",
    "CREATE INDEX charge_of_month ON charge (company_id, usage_month)",
    "CREATE UNIQUE INDEX exchange_rate_of_day ON exchange_rate (source, asked_on) WHERE state <> 'REJECTED'",
    "CREATE UNIQUE INDEX package_connection_of_sim ON package_connection (sim_id, connected_at)",
    "CREATE INDEX package_connection_of_company ON package_connection (company_id, connected_at)",
]

# What was issued stays as it is but for what happens to it afterwards: its payment, and its document made from it once.
IMMUTABLE = [
    """CREATE FUNCTION keep_issued_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
       DECLARE
         free text[] := ARRAY['state', 'paid_amount', 'credited_on', 'pdf_key', 'pdf_sha256', 'pdf_bytes', 'announced_at'];
       BEGIN
         IF TG_OP = 'DELETE' THEN
           IF OLD.state = 'DRAFT' THEN RETURN OLD; END IF;
           RAISE EXCEPTION 'an issued invoice is not deleted' USING ERRCODE = 'integrity_constraint_violation';
         END IF;
         IF OLD.state = 'DRAFT' THEN RETURN NEW; END IF;
         IF NEW.state = 'DRAFT' OR (OLD.state = 'CREDITED' AND NEW.state <> 'CREDITED')
            OR (OLD.pdf_key IS NOT NULL AND (NEW.pdf_key, NEW.pdf_sha256, NEW.pdf_bytes)
                IS DISTINCT FROM (OLD.pdf_key, OLD.pdf_sha256, OLD.pdf_bytes))
            OR (OLD.announced_at IS NOT NULL AND NEW.announced_at IS DISTINCT FROM OLD.announced_at)
            OR to_jsonb(NEW) - free <> to_jsonb(OLD) - free THEN
           RAISE EXCEPTION 'an issued invoice is not changed' USING ERRCODE = 'integrity_constraint_violation';
         END IF;
         RETURN NEW;
       END $$""",
    """CREATE TRIGGER issued_invoice BEFORE UPDATE OR DELETE ON invoice
       FOR EACH ROW EXECUTE FUNCTION keep_issued_invoice()""",
    """CREATE FUNCTION keep_issued_lines() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF EXISTS (SELECT FROM invoice i WHERE i.id IN (OLD.invoice_id, NEW.invoice_id) AND i.state <> 'DRAFT') THEN
           RAISE EXCEPTION 'the lines of an issued invoice are not changed' USING ERRCODE = 'integrity_constraint_violation';
         END IF;
         RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
       END $$""",
    """CREATE TRIGGER issued_lines BEFORE INSERT OR UPDATE OR DELETE ON charge
       FOR EACH ROW EXECUTE FUNCTION keep_issued_lines()""",
]

BACK = [
    "ALTER TABLE charge DROP CONSTRAINT charge_of_invoice",
    "DROP TRIGGER issued_lines ON charge",
    "DROP TRIGGER issued_invoice ON invoice",
    "DROP FUNCTION keep_issued_lines(), keep_issued_invoice()",
    "ALTER TABLE invoice DROP CONSTRAINT invoice_rate",
    "DROP TABLE usage_freeze, rounding_quantum, invoice_counter",
]


class Migration(migrations.Migration):
    dependencies = [('models', '0008_mail_outbox')]

    initial = False

    operations = [
        ops.CreateModel(
            name='BillingRun',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('period', fields.DateField(unique=True)),
                ('state', fields.CharField(max_length=16)),
                ('requested_by_id', fields.BigIntField(null=True)),
                ('started_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('finished_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('companies', fields.IntField(default=0)),
                ('issued', fields.IntField(default=0)),
                ('held', fields.IntField(default=0)),
            ],
            options={'table': 'billing_run', 'app': 'models', 'pk_attr': 'id', 'table_description': 'The monthly run of a period: when it was asked for, how far it came, and what holds it.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='CalendarAcceptance',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('country', fields.CharField(max_length=2)),
                ('year', fields.IntField()),
                ('accepted_by_id', fields.BigIntField()),
                ('accepted_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'calendar_acceptance', 'app': 'models', 'unique_together': (('country', 'year'),), 'pk_attr': 'id', 'table_description': 'Staff accepted a year whose official calendar is not entered: locks are allowed in it.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Charge',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('company_id', fields.BigIntField()),
                ('invoice_id', fields.BigIntField(null=True)),
                ('sim_id', fields.BigIntField()),
                ('period', fields.DateField()),
                ('usage_month', fields.DateField()),
                ('service', fields.CharEnumField(description='DATA: DATA\nVOICE: VOICE\nSMS: SMS\nPACKAGE: PACKAGE', enum_type=Service, max_length=16)),
                ('plan', fields.CharField(max_length=60)),
                ('quantity', fields.BigIntField()),
                ('amount', fields.DecimalField(max_digits=18, decimal_places=4)),
                ('counts', fields.BooleanField(default=True)),
            ],
            options={'table': 'charge', 'app': 'models', 'pk_attr': 'id', 'table_description': 'What a SIM used of a service in a month, rated and frozen; the line of an invoice, once it is on one.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ExchangeRate',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('source', fields.CharField(max_length=8)),
                ('currency', fields.CharField(max_length=3)),
                ('asked_on', fields.DateField()),
                ('rate_on', fields.DateField()),
                ('rate', fields.DecimalField(max_digits=18, decimal_places=8)),
                ('answer', fields.BinaryField()),
                ('fetched_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('state', fields.CharEnumField(description='ACCEPTED: ACCEPTED\nHELD: HELD\nREJECTED: REJECTED', enum_type=ExchangeRateState, max_length=16)),
                ('jump', fields.DecimalField(null=True, max_digits=12, decimal_places=6)),
                ('decided_by_id', fields.BigIntField(null=True)),
                ('decided_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'exchange_rate', 'app': 'models', 'pk_attr': 'id', 'table_description': 'What one EUR costs in a currency on the day asked for, as its central bank said; `answer` is what it sent, as it came.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='LegalEntity',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('code', fields.CharField(unique=True, max_length=8)),
                ('name', fields.CharField(max_length=200)),
                ('country', fields.CharField(max_length=2)),
                ('invoice_prefix', fields.CharField(unique=True, max_length=8)),
                ('credit_prefix', fields.CharField(unique=True, max_length=8)),
                ('details', fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ('is_sample', fields.BooleanField(default=False)),
            ],
            options={'table': 'legal_entity', 'app': 'models', 'pk_attr': 'id', 'table_description': 'Who bills: a company of ours in a country, with the bank account that customers pay to.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Invoice',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('company', fields.ForeignKeyField('models.Company', source_field='company_id', db_constraint=True, to_field='id', related_name='invoices', on_delete=OnDelete.RESTRICT)),
                ('legal_entity', fields.ForeignKeyField('models.LegalEntity', source_field='legal_entity_id', db_constraint=True, to_field='id', related_name='invoices', on_delete=OnDelete.RESTRICT)),
                ('kind', fields.CharEnumField(description='INVOICE: INVOICE\nCREDIT_NOTE: CREDIT_NOTE', enum_type=InvoiceKind, max_length=16)),
                ('state', fields.CharEnumField(description='DRAFT: DRAFT\nISSUED: ISSUED\nPART_PAID: PART_PAID\nPAID: PAID\nCREDITED: CREDITED', enum_type=InvoiceState, max_length=16)),
                ('period', fields.DateField()),
                ('currency', fields.CharField(max_length=3)),
                ('eur_total', fields.DecimalField(max_digits=14, decimal_places=2)),
                ('number', fields.CharField(null=True, unique=True, max_length=20)),
                ('number_value', fields.IntField(null=True)),
                ('issued_on', fields.DateField(null=True)),
                ('issued_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('rate', fields.DecimalField(null=True, max_digits=18, decimal_places=8)),
                ('rate_on', fields.DateField(null=True)),
                ('rate_source', fields.CharField(null=True, max_length=8)),
                ('rate_id', fields.BigIntField(null=True)),
                ('quantum', fields.DecimalField(null=True, max_digits=10, decimal_places=4)),
                ('local_amount', fields.DecimalField(null=True, max_digits=16, decimal_places=2)),
                ('paid_amount', fields.DecimalField(default=Decimal('0'), max_digits=16, decimal_places=2)),
                ('credited_on', fields.DateField(null=True)),
                ('day3_on', fields.DateField(null=True)),
                ('day5_on', fields.DateField(null=True)),
                ('day6_on', fields.DateField(null=True)),
                ('calendar_version', fields.CharField(null=True, max_length=60)),
                ('corrects_id', fields.BigIntField(null=True)),
                ('reason', fields.CharField(null=True, max_length=500)),
                ('hold_reason', fields.CharField(null=True, max_length=16)),
                ('snapshot', fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ('pdf_key', fields.CharField(null=True, max_length=200)),
                ('pdf_sha256', fields.CharField(null=True, max_length=64)),
                ('pdf_bytes', fields.IntField(null=True)),
                ('announced_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'invoice', 'app': 'models', 'unique_together': (('company', 'period', 'kind'),), 'pk_attr': 'id', 'table_description': "A demand for payment of a company's month, or the credit note that takes one back; immutable once issued."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='PackageConnection',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('company_id', fields.BigIntField()),
                ('sim_id', fields.BigIntField()),
                ('connected_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('ends_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('size_mb', fields.IntField()),
                ('roaming', fields.BooleanField()),
                ('confirmed', fields.BooleanField()),
            ],
            options={'table': 'package_connection', 'app': 'models', 'pk_attr': 'id', 'table_description': 'A package that began on a SIM: one term of it. `confirmed`: the operator named its beginning.'},
            bases=['Model'],
        ),
        ops.RunSQL([*TABLES, *RULES, *IMMUTABLE], reverse_sql=BACK),
    ]
