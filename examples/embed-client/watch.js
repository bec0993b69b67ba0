// node watch.js URI: lists the domains there, then tells what happens to them until it is ended.
import { createHost } from "@polyvisor/core";

const host = await createHost({ plugins: ["@polyvisor/remote"], dependenciesOf: import.meta.dirname });
const connection = await host.open(process.argv[2], { readOnly: true });

const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
const events = await connection.events({ kinds: ["lifecycle"], signal: stop.signal });

for (const domain of await connection.domains()) console.log(domain.name, (await domain.state()).state);
console.log("watching");
for await (const { dom, event } of events) console.log(dom.name, event);

await connection.close();
await host.close();
