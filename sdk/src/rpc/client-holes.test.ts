import { once } from "node:events";
import { open as openFile, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { isHole, remoteProgram, type StreamChunk } from "@polyvisor/core";
import test, { type ExecutionContext } from "ava";
import { hasLibvirtd, startLibvirtd } from "../testkit/index.js";
import { RpcClient } from "./client.js";
import { stubsOf } from "./client-stubs.js";

const present = await hasLibvirtd();
const real = present ? test : test.skip;
if (!present) test.skip("no libvirtd is installed, so no volume with holes is downloaded", () => {});

const SPARSE = 1;
const SIZE = 8 << 20;

const zeros = (length: bigint) => Buffer.alloc(Number(length));

/** A client of a libvirtd, and an empty volume there with its file. */
async function volumeOf(t: ExecutionContext) {
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
  return { api, args: { vol, offset: 0, length: 0, flags: SPARSE }, path: join(folder, "v") };
}

real("a volume with holes arrives as it is, however slowly it is read", async (t) => {
  const { api, args, path } = await volumeOf(t);
  const file = await openFile(path, "r+");
  for (const at of [0, 1 << 20, (5 << 20) + 4096]) await file.write(Buffer.alloc(8192, at % 251 || 7), 0, 8192, at);
  await file.close();
  const whole = await readFile(path);
  for (const pause of [0, 1]) {
    const chunks: StreamChunk[] = [];
    for await (const chunk of await api.storageVolDownload(args)) {
      chunks.push(chunk);
      if (pause === 0) continue;
      await new Promise((resolve) => setTimeout(resolve, pause));
      t.is(await api.connectGetType({}), "QEMU", "calls go on beside the stream");
    }
    t.true(chunks.filter(isHole).length >= 3);
    t.true(Buffer.concat(chunks.map((chunk) => (isHole(chunk) ? zeros(chunk.hole) : chunk))).equals(whole));
  }
});

real("a volume is written with holes, and none of it is written where they are", async (t) => {
  const { api, args, path } = await volumeOf(t);
  const upload = await api.storageVolUpload(args);
  upload.write({ hole: 3n << 20n });
  upload.write(Buffer.alloc(8192, "x"));
  upload.write({ hole: BigInt(SIZE - (3 << 20) - 8192) });
  upload.end();
  await once(upload, "finish");
  const whole = Buffer.alloc(SIZE);
  whole.fill("x", 3 << 20, (3 << 20) + 8192);
  t.true((await readFile(path)).equals(whole));
  t.true((await stat(path)).blocks * 512 < 1 << 20);
});
