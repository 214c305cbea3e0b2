// The reference clients of graphql-ws and graphql-sse against our endpoint: queries, mutations, streams, refusals.
import assert from "node:assert/strict";
import { createClient as createSseClient } from "graphql-sse";
import { createClient as createWsClient } from "graphql-ws";
import WebSocket from "ws";

const [url, token] = process.argv.slice(2);
const VIEWER = "{ viewer { name } }";
const STREAM = "subscription { operationsChanged { snapshot operations { id } } }";

const ws = (given = token) =>
  createWsClient({
    url: url.replace("http", "ws"),
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${given}` },
    retryAttempts: 0,
    lazy: true,
  });
const sse = (given = token) =>
  createSseClient({ url, headers: { authorization: `Bearer ${given}` }, retryAttempts: 0, singleConnection: false });

function all(client, payload, most = Infinity) {
  return new Promise((resolve, reject) => {
    const results = [];
    const stop = client.subscribe(payload, {
      next: (result) => {
        results.push(result);
        if (results.length >= most) stop();
      },
      error: reject,
      complete: () => resolve(results),
    });
  });
}

const passed = { ws: 0, sse: 0 };
async function check(protocol, what, work) {
  try {
    await work();
    passed[protocol] += 1;
  } catch (error) {
    console.error(`${protocol}: ${what}: ${error?.stack ?? JSON.stringify(error)}`);
    process.exitCode = 1;
  }
}

for (const [protocol, make] of Object.entries({ ws, sse })) {
  const client = make();
  await check(protocol, "a query is answered once and completes", async () => {
    const [result, ...more] = await all(client, { query: VIEWER });
    assert.equal(result.data.viewer.name, "Olga Owner");
    assert.deepEqual(more, []);
  });
  await check(protocol, "variables and operation names are taken", async () => {
    const query = "query A($n: Int) { sims(first: $n) { nodes { id } } } query B { viewer { name } }";
    const [result] = await all(client, { query, operationName: "A", variables: { n: 2 } });
    assert.equal(result.data.sims.nodes.length, 2);
  });
  await check(protocol, "a mutation is refused in its payload", async () => {
    const query = 'mutation { cancelOperation(id: "x") { userErrors { code } } }';
    const [result] = await all(client, { query });
    assert.equal(result.data.cancelOperation.userErrors[0].code, "INVALID_ID");
  });
  await check(protocol, "a subscription begins with a snapshot and ends when it is told to", async () => {
    const [result] = await all(client, { query: STREAM }, 1);
    assert.equal(result.data.operationsChanged.snapshot, true);
  });
  await check(protocol, "ten streams run at once", async () => {
    const streams = await Promise.all(Array.from({ length: 10 }, () => all(client, { query: STREAM }, 1)));
    assert.ok(streams.every(([result]) => result.data.operationsChanged.snapshot));
  });
  await check(protocol, "a document that is wrong ends its own operation alone", async () => {
    const wrong = await all(client, { query: "{ nothing }" }).catch((errors) => errors);
    const errors = Array.isArray(wrong) && wrong[0]?.errors ? wrong[0].errors : wrong;
    assert.equal(errors[0].extensions.code, "INVALID_REQUEST");
    const [after] = await all(client, { query: VIEWER });
    assert.equal(after.data.viewer.name, "Olga Owner");
  });
  await check(protocol, "a bad token is refused", async () => {
    const stranger = make("nct_nobody");
    const refused = await all(stranger, { query: VIEWER }).then(() => null, (error) => error);
    assert.ok(refused, "it was let in");
    if (protocol === "ws") assert.equal(refused.code, 4403);
    else assert.equal(refused.response.status, 401);
    await stranger.dispose();
  });
  await check(protocol, "results can be iterated", async () => {
    for await (const result of client.iterate({ query: STREAM })) {
      assert.equal(result.data.operationsChanged.snapshot, true);
      break;
    }
  });
  await client.dispose();
}
console.log(JSON.stringify(passed));
