// What the two hand-written Node servers share: the schema, narrow SQL, and one query of groups for a whole page.
import pg from "pg";

const company = Number(process.env.COMPANY_ID);
const COLUMNS =
  "s.id, s.iccid, s.imsi, s.msisdn, s.name, s.lock_mask, s.msu_count, s.balance, s.currency, s.created_at, s.updated_at," +
  " s.profile_id, s.company_id, s.observed_status, s.observed_at";

// JavaScript's own dates have no microseconds.
pg.types.setTypeParser(1184, (text) => {
  const [moment, fraction] = text.slice(0, -3).replace(" ", "T").split(".");
  return fraction ? `${moment}.${fraction.padEnd(6, "0")}Z` : `${moment}Z`;
});

export const pool = new pg.Pool({
  host: process.env.PGHOST, user: process.env.PGUSER, password: process.env.PGPASSWORD, database: process.env.PGDATABASE,
  port: Number(process.env.PGPORT), max: 10, options: "-c timezone=UTC -c jit=off",
});

export const typeDefs = /* GraphQL */ `
  scalar Iccid
  input SimFilter { search: String }
  type Profile { id: ID! code: String! title: String! apn: String! }
  type SimGroup { id: ID! name: String! }
  type SimLock { kind: String! since: String! }
  type Company { name: String! }
  type Observed { status: String! asOf: String }
  type Sim {
    id: ID! iccid: Iccid! imsi: String msisdn: String name: String! isLocked: Boolean! msuCount: Int balance: String
    currency: String createdAt: String! updatedAt: String! observed: Observed! company: Company!
    profile: Profile! groups: [SimGroup!]! locks: [SimLock!]!
  }
  type SimEdge { cursor: String! node: Sim! }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type SimConnection { totalCount: Int! edges: [SimEdge!]! nodes: [Sim!]! pageInfo: PageInfo! }
  type Query { sims(first: Int, after: String, filter: SimFilter): SimConnection! sim(iccid: Iccid): Sim }
`;

const globalId = (type, id) => Buffer.from(`${type}:${id}`).toString("base64");
const profiles = new Map();
const companies = new Map();
for (const row of (await pool.query("SELECT id, code, title, apn FROM profile")).rows)
  profiles.set(row.id, { ...row, id: globalId("Profile", row.id) });
for (const row of (await pool.query("SELECT id, name FROM company")).rows) companies.set(row.id, row);

function named(text, name, values) {
  return pool.query({ text, name, values });
}

// All that is asked for in one turn of the loop is read at once.
function batched(read) {
  let waiting = null;
  return (key) => {
    if (!waiting) {
      const batch = (waiting = { keys: [], found: null });
      batch.found = new Promise((resolve, reject) =>
        process.nextTick(() => { waiting = null; read(batch.keys).then(resolve, reject); }));
    }
    waiting.keys.push(key);
    return waiting.found.then((found) => found.get(key) ?? []);
  };
}

function grouped(rows, make) {
  const found = new Map();
  for (const row of rows) (found.get(row.sim_id) ?? found.set(row.sim_id, []).get(row.sim_id)).push(make(row));
  return found;
}

const groupsOf = batched(async (ids) => grouped(
  (await named("SELECT m.sim_id, g.id, g.name FROM sim_group_member m JOIN sim_group g ON g.id = m.group_id" +
    " WHERE m.sim_id = ANY($1::bigint[]) ORDER BY lower(g.name), g.id", "groups", [ids])).rows,
  (row) => ({ id: globalId("SimGroup", row.id), name: row.name })));
const locksOf = batched(async (ids) => grouped(
  (await named("SELECT sim_id, kind, since FROM sim_lock_reason WHERE sim_id = ANY($1::bigint[]) ORDER BY since, id",
    "locks", [ids])).rows, (row) => row));

const cursor = (row) => Buffer.from(JSON.stringify(["CREATED_AT:DESC", row.created_at.replace("Z", "+00:00"), Number(row.id)]))
  .toString("base64url").replace(/.*/, (text) => text + "=".repeat((4 - (text.length % 4)) % 4));

export const resolvers = {
  Query: {
    async sims(_, { first, after, filter }) {
      const values = [company, first + 1];
      let where = "s.company_id = $1";
      if (filter?.search) { values.push(`%${filter.search}%`); where += ` AND s.search_text LIKE $${values.length}`; }
      const counted = where, countedValues = [company, ...values.slice(2)];
      if (after) {
        const [, moment, id] = JSON.parse(Buffer.from(after, "base64url").toString());
        values.push(moment, id);
        where += ` AND (s.created_at, s.id) < ($${values.length - 1}, $${values.length})`;
      }
      const text = `SELECT ${COLUMNS} FROM sim s WHERE ${where} ORDER BY s.created_at DESC, s.id DESC LIMIT $2`;
      const { rows } = await named(text, `sims${values.length}${Boolean(after)}`, values);
      const page = rows.slice(0, first);
      return {
        rows: page, more: rows.length > first,
        count: async () => {
          const sql = `SELECT count(*)::int AS n FROM sim s WHERE ${counted.replace("$3", "$2")}`;
          return (await named(sql, `count${countedValues.length}`, countedValues)).rows[0].n;
        },
      };
    },
    async sim(_, { iccid }) {
      const text = `SELECT ${COLUMNS} FROM sim s WHERE s.company_id = $1 AND s.iccid = $2`;
      return (await named(text, "one", [company, iccid])).rows[0] ?? null;
    },
  },
  SimConnection: {
    totalCount: (page) => page.count(),
    edges: (page) => page.rows,
    nodes: (page) => page.rows,
    pageInfo: (page) => page,
  },
  PageInfo: {
    hasNextPage: (page) => page.more,
    endCursor: (page) => (page.rows.length ? cursor(page.rows[page.rows.length - 1]) : null),
  },
  SimEdge: { cursor, node: (row) => row },
  Sim: {
    id: (row) => globalId("Sim", row.id),
    isLocked: (row) => row.lock_mask !== 0,
    msuCount: (row) => row.msu_count,
    createdAt: (row) => row.created_at,
    updatedAt: (row) => row.updated_at,
    observed: (row) => ({ status: row.observed_status, asOf: row.observed_at }),
    profile: (row) => profiles.get(row.profile_id),
    company: (row) => companies.get(row.company_id),
    groups: (row) => groupsOf(row.id),
    locks: (row) => (row.lock_mask === 0 ? [] : locksOf(row.id)),
  },
};
