import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { type Connection, createHost } from "@polyvisor/core";
import test, { type ExecutionContext } from "ava";
import type { Recording } from "./testing/exchange.js";
import { startReplay } from "./testing/replay.js";
import { HOST_SCRIPT, play, VCENTER_SCRIPT } from "./testing/script.js";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));

async function recording(name: string): Promise<Recording> {
  const file = await readFile(new URL(`../fixtures/vcsim/${name}.json.gz`, import.meta.url));
  return JSON.parse(gunzipSync(file).toString()) as Recording;
}

async function open(t: ExecutionContext, uri: string): Promise<Connection> {
  const folder = await mkdtemp(join(tmpdir(), "esx-"));
  const auth = join(folder, "auth.conf");
  await writeFile(auth, "[credentials-a]\npassword=pass\n[auth-esx-127.0.0.1]\ncredentials=a\n");
  // without it each question is asked again, whatever the time: as it was recorded
  const values = { auth_file: auth, freshness: 0 };
  const host = await createHost({ plugins: [PACKAGE], pluginConfiguration: { esx: { values } } });
  t.teardown(async () => {
    await host.close();
    await rm(folder, { recursive: true });
  });
  return host.open(uri);
}

const ROWS = [
  { name: "host", scheme: "esx", path: "/", script: HOST_SCRIPT },
  { name: "vcenter", scheme: "vpx", path: "/DC0/DC0_C0/DC0_C0_H0", script: VCENTER_SCRIPT },
];

for (const { name, scheme, path, script } of ROWS) {
  test(`each call gives what it gave when a conversation with vcsim was recorded, and says the same: ${name}`, async (t) => {
    t.timeout(120_000);
    const { exchanges, answers } = await recording(name);
    const replay = await startReplay(exchanges);
    t.teardown(() => replay.close());
    const connection = await open(t, `${scheme}://user@127.0.0.1:${replay.port}${path}?transport=http&auto_answer=1`);
    const given = await play(connection, script);
    t.deepEqual(replay.deviations, []);
    for (const [index, answer] of answers.entries()) t.deepEqual(given[index], answer);
    t.is(given.length, answers.length);
    await connection.close();
    while (replay.left > 0 && replay.deviations.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    t.deepEqual(replay.deviations, []);
  });
}
