import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createHost } from "@polyvisor/core";
import test from "ava";
import { recording, startRecordedServer } from "./testing/recorded-server.js";
import { HOST_SCRIPT, play, VCENTER_SCRIPT } from "./testing/script.js";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));

for (const [name, script] of [
  ["host", HOST_SCRIPT],
  ["vcenter", VCENTER_SCRIPT],
] as const) {
  test(`each call gives what it gave when a conversation with vcsim was recorded, and says the same: ${name}`, async (t) => {
    t.timeout(120_000);
    const folder = await mkdtemp(join(tmpdir(), "esx-"));
    const { answers } = await recording(name);
    const server = await startRecordedServer(name, folder, "in order");
    const pluginConfiguration = { esx: { values: server.settings } };
    const host = await createHost({ plugins: [PACKAGE], pluginConfiguration });
    t.teardown(async () => {
      await host.close();
      server.close();
      await rm(folder, { recursive: true });
    });
    const connection = await host.open(server.uri);
    const given = await play(connection, script);
    t.deepEqual(server.deviations, []);
    for (const [index, answer] of answers.entries()) t.deepEqual(given[index], answer);
    t.is(given.length, answers.length);
    await connection.close();
    while (server.left > 0 && server.deviations.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    t.deepEqual(server.deviations, []);
  });
}
