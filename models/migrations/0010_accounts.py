"""Accounts: what is known of companies and users, agents, browser sessions, scopes of tokens, mailed links, views, attempts."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from models.identity import CompanyState, LinkKind, PaymentSystem, TokenKind, UserLanguage, every_scope
from orjson import loads
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.fields.db_defaults import SqlDefault
from tortoise import fields

INDEXES = [
    "CREATE UNIQUE INDEX user_email ON user_account (lower(email))",
    "CREATE INDEX user_of_company ON user_account (company_id, id)",
    "CREATE INDEX company_of_agent ON company (agent_id, id) WHERE agent_id IS NOT NULL",
    "CREATE INDEX token_of_user ON access_token (user_id, id)",
    "CREATE INDEX link_of_user ON account_link (user_id, kind) WHERE used_at IS NULL",
    "CREATE UNIQUE INDEX saved_view_name ON saved_view (user_id, lower(name COLLATE pg_c_utf8))",
    "CREATE INDEX attempt_of_account ON login_attempt (account_key, at)",
    "CREATE INDEX attempt_of_address ON login_attempt (address, at)",
    "CREATE INDEX attempt_at ON login_attempt (at)",
]
# An agent's users see what its companies are now; other changes of a company change nobody's access.
ACCESS = [
    """CREATE FUNCTION access_of_company_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         INSERT INTO catalogue_version AS v (name, version) VALUES ('access', pg_current_xact_id()::text::bigint)
         ON CONFLICT (name) DO UPDATE SET version = excluded.version WHERE v.version <> excluded.version;
         RETURN NULL;
       END $$""",
    """CREATE TRIGGER access_of_new_company AFTER INSERT ON company
       FOR EACH ROW WHEN (NEW.agent_id IS NOT NULL) EXECUTE FUNCTION access_of_company_changed()""",
    """CREATE TRIGGER access_of_company AFTER UPDATE OF agent_id, state ON company
       FOR EACH ROW WHEN (NEW.agent_id IS DISTINCT FROM OLD.agent_id OR NEW.state <> OLD.state)
       EXECUTE FUNCTION access_of_company_changed()""",
]
BACK = [
    "DROP TRIGGER access_of_new_company ON company",
    "DROP TRIGGER access_of_company ON company",
    "DROP FUNCTION access_of_company_changed()",
    "DROP INDEX user_email, user_of_company, company_of_agent, token_of_user, link_of_user, saved_view_name,"
    " attempt_of_account, attempt_of_address, attempt_at",
]


class Migration(migrations.Migration):
    """Tokens that are there keep every scope; companies that are there are active."""

    dependencies = [('models', '0009_billing')]

    operations = [
        ops.CreateModel(
            name='AccountLink',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('user', fields.ForeignKeyField('models.User', source_field='user_id', db_constraint=True, to_field='id', related_name='links', on_delete=OnDelete.CASCADE)),
                ('kind', fields.CharEnumField(description='CONFIRM_EMAIL: CONFIRM_EMAIL\nRESET_PASSWORD: RESET_PASSWORD\nINVITATION: INVITATION', enum_type=LinkKind, max_length=16)),
                ('digest', fields.CharField(unique=True, max_length=64)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('used_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'account_link', 'app': 'models', 'pk_attr': 'id', 'table_description': 'A link that was mailed: good once, until it expires; stored as a digest like a token.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Agent',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('name', fields.CharField(unique=True, max_length=200)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'agent', 'app': 'models', 'pk_attr': 'id', 'table_description': 'A reseller who looks after several companies; its users have the role AGENT.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='LoginAttempt',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('account_key', fields.CharField(max_length=64)),
                ('address', fields.CharField(max_length=45)),
            ],
            options={'table': 'login_attempt', 'app': 'models', 'pk_attr': 'id', 'table_description': 'A password that was given and has not been found right: for the throttle. Keys are digests, no mail addresses.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='SavedView',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('user', fields.ForeignKeyField('models.User', source_field='user_id', db_constraint=True, to_field='id', related_name='views', on_delete=OnDelete.CASCADE)),
                ('name', fields.CharField(max_length=60)),
                ('columns', ArrayField(element_type='VARCHAR(60)')),
                ('sim_filter', fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ('order_by', fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('updated_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'saved_view', 'app': 'models', 'pk_attr': 'id', 'table_description': "A user's choice of columns, filter and order of the SIM table, under a name that is unique for the user."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='TokenUse',
            fields=[
                ('token', fields.OneToOneField('models.AccessToken', source_field='token_id', primary_key=True, db_index=True, db_constraint=True, to_field='id', related_name='use', on_delete=OnDelete.CASCADE)),
                ('last_used_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('last_used_from', fields.CharField(null=True, max_length=45)),
            ],
            options={'table': 'token_use', 'app': 'models', 'pk_attr': 'token_id', 'table_description': 'When and from where a credential was last used; behind by some seconds.'},
            bases=['Model'],
        ),
        ops.AddField('AccessToken', 'address', fields.CharField(null=True, max_length=45)),
        ops.AddField('AccessToken', 'group_ids', ArrayField(null=True, element_type='BIGINT')),
        ops.AddField('AccessToken', 'kind', fields.CharEnumField(default=TokenKind.API, description='API: API\nSESSION: SESSION', db_default='API', enum_type=TokenKind, max_length=8)),
        ops.AddField('AccessToken', 'scopes', ArrayField(default=every_scope, db_default=SqlDefault("'{sims:read,sims:write,billing:read,reports:read,admin}'"), element_type='VARCHAR(24)')),
        ops.AddField('AccessToken', 'user_agent', fields.CharField(null=True, max_length=300)),
        ops.AddField('AuditEntry', 'address', fields.CharField(null=True, max_length=45)),
        ops.AddField('AuditEntry', 'after', fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
        ops.AddField('AuditEntry', 'agent_id', fields.BigIntField(null=True)),
        ops.AddField('AuditEntry', 'before', fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
        ops.AddField('Company', 'agent', fields.ForeignKeyField('models.Agent', source_field='agent_id', null=True, db_constraint=True, to_field='id', related_name='companies', on_delete=OnDelete.RESTRICT)),
        ops.AddField('Company', 'contract_number', fields.CharField(null=True, max_length=60)),
        ops.AddField('Company', 'email', fields.CharField(null=True, max_length=254)),
        ops.AddField('Company', 'payment_system', fields.CharEnumField(default=PaymentSystem.POSTPAID, description='POSTPAID: POSTPAID\nPREPAID: PREPAID', db_default='POSTPAID', enum_type=PaymentSystem, max_length=16)),
        ops.AddField('Company', 'responsible_person', fields.CharField(null=True, max_length=200)),
        ops.AddField('Company', 'state', fields.CharEnumField(default=CompanyState.ACTIVE, description='PENDING: PENDING\nACTIVE: ACTIVE\nCLOSED: CLOSED', db_default='ACTIVE', enum_type=CompanyState, max_length=16)),
        ops.AddField('Company', 'tax_number', fields.CharField(null=True, max_length=40)),
        ops.AddField('Company', 'whatsapp', fields.CharField(null=True, max_length=15)),
        ops.AddField('User', 'agent', fields.ForeignKeyField('models.Agent', source_field='agent_id', null=True, db_constraint=True, to_field='id', related_name='users', on_delete=OnDelete.RESTRICT)),
        ops.AddField('User', 'email_confirmed_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
        ops.AddField('User', 'language', fields.CharEnumField(default=UserLanguage.RU, description='RU: ru\nKK: kk\nEN: en', db_default='ru', enum_type=UserLanguage, max_length=2)),
        ops.AddField('User', 'password_changed_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
        ops.AddField('User', 'password_hash', fields.CharField(null=True, max_length=200)),
        ops.AddField('User', 'phone', fields.CharField(null=True, max_length=15)),
        ops.AddField('User', 'time_zone', fields.CharField(default='Asia/Almaty', db_default='Asia/Almaty', max_length=64)),
        ops.RunSQL([*INDEXES, *ACCESS], reverse_sql=BACK),
    ]
