import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Recording } from "./exchange.js";
import { type Replay, type ReplayOrder, startReplay } from "./replay.js";

/** A conversation with vcsim that was recorded by `npm run rig:vcsim -- record`. */
export async function recording(name: "host" | "vcenter"): Promise<Recording> {
  const file = await readFile(new URL(`../../fixtures/vcsim/${name}.json.gz`, import.meta.url));
  return JSON.parse(gunzipSync(file).toString()) as Recording;
}

export interface RecordedServer extends Replay {
  readonly uri: string;
  /** What an operator would set for the plugin. */
  readonly settings: { readonly auth_file: string; readonly freshness: number };
}

const PATHS = { host: "esx:/", vcenter: "vpx:/DC0/DC0_C0/DC0_C0_H0" };

/** What was recorded, at an address of its own; `folder` gets the file with the password. */
export async function startRecordedServer(
  name: "host" | "vcenter",
  folder: string,
  order: ReplayOrder = "any",
): Promise<RecordedServer> {
  const auth_file = join(folder, "auth.conf");
  await writeFile(auth_file, "[credentials-a]\npassword=pass\n[auth-esx-127.0.0.1]\ncredentials=a\n");
  const replay = await startReplay((await recording(name)).exchanges, order);
  const [scheme, path] = PATHS[name].split(":");
  // in order, each question is asked again, whatever the time: as it was recorded; else what a list said is good for long
  return {
    uri: `${scheme}://user@127.0.0.1:${replay.port}${path}?transport=http&auto_answer=1`,
    settings: { auth_file, freshness: order === "any" ? 60_000 : 0 },
    port: replay.port,
    deviations: replay.deviations,
    get left() {
      return replay.left;
    },
    close: () => replay.close(),
  };
}
