// A process of emulators of one kind: serves every connection to a socket. `node emulators.mjs SOCKET KIND SEED`
import { createServer } from "node:net";
import { Random } from "../lib/random.mjs";
import { serveMonitor } from "./hostile.mjs";

const [path, kind, seed] = process.argv.slice(2);
const random = new Random(seed, kind);
createServer((socket) => serveMonitor(socket, kind, random)).listen(path, () => process.send("ready"));
process.on("disconnect", () => process.exit());
