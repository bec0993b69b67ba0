import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { StandInDomains } from "./stand-in-domains.js";
import { type StandInXenstore, serveXenstore } from "./stand-in-xenstore.js";

/** Where a real host's answers lie that were recorded. */
const RECORDED = new URL("../../fixtures/recorded/", import.meta.url);

/**
 * Stands in for a dom0 where none can run: an `xl` that knows domains of its own, whose answers have the form of recorded
 * ones, and a xenstored. The real ones are driven by `npm run rig:xen`.
 */
export interface StandInDom0 {
  /** What is set for the driver. */
  readonly settings: Readonly<Record<string, string | number>>;
  readonly domains: StandInDomains;
  /** A folder for programs and files. */
  readonly folder: string;
  /** Everything that was asked of xl, since it was last looked at. */
  takeCommands(): string[];
  /** xenstored goes away, as if dom0 had. */
  cut(): void;
  close(): Promise<void>;
}

/**
 * No process goes on for its sake.
 * @param folder an absolute path below which it keeps its files and sockets
 */
export async function startStandIn(folder: string): Promise<StandInDom0> {
  await mkdir(folder, { recursive: true });
  const info = await readFile(new URL("info.txt", RECORDED), "utf8");
  const commands: string[] = [];
  let store: StandInXenstore | undefined;
  const domains = new StandInDomains(info, (name) => store?.tell(name));
  store = await serveXenstore(join(folder, "xenstored"), domains, join(folder, "console"));
  const door = join(folder, "xl.sock");
  const server = await listen(door, async (words) => {
    commands.push(words.join(" "));
    return domains.run(words);
  });
  await writeFile(join(folder, "xl"), script(door), { mode: 0o755 });
  return {
    settings: {
      dom0: "local",
      xl: join(folder, "xl"),
      xenstore_socket: join(folder, "xenstored"),
      save_dir: join(folder, "save"),
      dump_dir: join(folder, "dump"),
    },
    domains,
    folder,
    takeCommands: () => commands.splice(0),
    cut: () => store?.cut(),
    async close() {
      store?.close();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Its words go to the one who stands in; the answer's first line is its status. */
function script(door: string): string {
  return `#!/bin/sh
out=$(printf '%s\\0' "$@" | nc -N -U '${door}')
printf '%s\\n' "\${out#*
}"
exit "\${out%%
*}"
`;
}

function listen(path: string, answer: (words: readonly string[]) => Promise<Answered>): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (socket) => serve(socket, answer));
  return new Promise((resolve) => server.unref().listen(path, () => resolve(server)));
}

interface Answered {
  readonly status: number;
  readonly output: string;
}

function serve(socket: Socket, answer: (words: readonly string[]) => Promise<Answered>): void {
  const chunks: Buffer[] = [];
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.once("end", async () => {
    const words = Buffer.concat(chunks).toString().split("\0").slice(0, -1);
    const { status, output } = await answer(words);
    socket.end(`${status}\n${output}`);
  });
}
