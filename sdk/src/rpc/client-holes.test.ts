import { open as openFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { remoteProgram } from "@polyvisor/core";
import test from "ava";
import { hasLibvirtd, startLibvirtd } from "../testkit/index.js";
import { RpcClient } from "./client.js";
import { stubsOf } from "./client-stubs.js";

const present = await hasLibvirtd();
const real = present ? test : test.skip;
if (!present) test.skip("no libvirtd is installed, so no volume with holes is downloaded", () => {});

const SPARSE = 1;
const SIZE = 8 << 20;

real("a volume with holes arrives byte by byte as it is, however slowly it is read", async (t) => {
  const daemon = await startLibvirtd();
  t.teardown(daemon.stop);
  const client = await RpcClient.connect(daemon.socket);
  t.teardown(() => client.close());
  const api = stubsOf(client, remoteProgram);
  await api.connectOpen({ name: "qemu:///session", flags: 0 });
  const folder = join(daemon.folder, "data");
  const xml = `<pool type='dir'><name>holes</name><target><path>${folder}</path></target></pool>`;
  const pool = await api.storagePoolCreateXML({ xml, flags: 0 });
  const volume = `<volume><name>v</name><capacity>${SIZE}</capacity><allocation>0</allocation><target><format type='raw'/></target></volume>`;
  const vol = await api.storageVolCreateXML({ pool, xml: volume, flags: 0 });
  const file = await openFile(join(folder, "v"), "r+");
  for (const at of [0, 1 << 20, (5 << 20) + 4096]) await file.write(Buffer.alloc(8192, at % 251 || 7), 0, 8192, at);
  await file.close();
  const whole = await readFile(join(folder, "v"));
  for (const pause of [0, 1]) {
    const stream = await api.storageVolDownload({ vol, offset: 0, length: 0, flags: SPARSE });
    const parts: Buffer[] = [];
    if (pause === 0) parts.push(await buffer(stream));
    else
      for await (const part of stream) {
        parts.push(part as Buffer);
        await new Promise((resolve) => setTimeout(resolve, pause));
        t.is(await api.connectGetType({}), "QEMU", "calls go on beside the stream");
      }
    t.true(Buffer.concat(parts).equals(whole));
  }
});
