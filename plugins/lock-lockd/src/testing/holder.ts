import { connectFor } from "./daemons.js";

/** A process that holds a lock itself, as a guest does: `holder.js SOCKET FILE`. It hangs up at the first word of its input. */
const [socket = "", path = ""] = process.argv.slice(2);
process.on("SIGTERM", () => {});
const { client, acquireResource } = await connectFor(socket, process.pid);
await acquireResource({ path: "", name: path, flags: 0 });
process.stdin.once("data", () => void client.close());
process.stdout.write("held\n");
