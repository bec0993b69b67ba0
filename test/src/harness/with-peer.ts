import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Peer, startPeer } from "./peer.js";

/** Runs a body with a daemon of its own, and ends it whatever happens. */
export async function withPeer<T>(
  body: (peer: Peer) => Promise<T>,
  start: () => Promise<Peer> = startPeer,
): Promise<T> {
  const peer = await start();
  try {
    return await body(peer);
  } finally {
    await peer.stop();
  }
}

/** Runs a body with files of the given contents; their names get the suffix `.xml`. */
export async function withFiles<T, K extends string>(
  contents: Readonly<Record<K, string>>,
  body: (paths: Readonly<Record<K, string>>) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "files-"));
  try {
    const paths = {} as Record<K, string>;
    for (const name of Object.keys(contents) as K[]) {
      paths[name] = join(folder, `${name}.xml`);
      await writeFile(paths[name], contents[name]);
    }
    return await body(paths);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
