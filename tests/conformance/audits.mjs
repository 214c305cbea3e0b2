// GraphQL over HTTP: every audit of the reference implementation; prints how many ended how, and which were not ok.
import { auditServer } from "graphql-http";

const [url, token] = process.argv.slice(2);
const fetchFn = (address, options = {}) =>
  fetch(address, { ...options, headers: { ...options.headers, authorization: `Bearer ${token}` } });

const results = await auditServer({ url, fetchFn });
const counted = {};
for (const result of results) {
  counted[result.status] = (counted[result.status] ?? 0) + 1;
  if (result.status !== "ok") console.error(`${result.status}: ${result.name}: ${result.reason}`);
}
console.log(JSON.stringify({ total: results.length, ...counted }));
