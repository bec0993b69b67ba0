// node main.js FOLDER: a daemon with two drivers, whose users log in with a password of ours, and whose calls we count.
import { createServer } from "node:http";
import { join } from "node:path";
import { createHost } from "@polyvisor/core";
import { serve } from "@polyvisor/daemon";
import { saslMechanisms } from "@polyvisor/sdk/login";
import { CallCounter } from "./call-counter.js";
import { passwords } from "./passwords.js";

const folder = process.argv[2];
const host = await createHost({
  plugins: ["@polyvisor/test", "@polyvisor/qemu"],
  dependenciesOf: import.meta.dirname,
  paths: {
    config: join(folder, "etc"),
    lib: join(folder, "lib"),
    run: join(folder, "run"),
    log: join(folder, "log"),
    cache: join(folder, "cache"),
  },
});

const counter = new CallCounter();
const server = await serve(host, {
  socket: join(folder, "run", "sock"),
  readOnlySocket: join(folder, "run", "sock-ro"),
  login: saslMechanisms([passwords(new Map([["fred", "rubble"]]))]),
  policy: { allows: ({ object, permission }) => `${object}:${permission}` !== "domain:delete" },
  meter: counter,
});

const metrics = createServer((_request, response) => response.end(JSON.stringify(counter.figures)));
metrics.listen(join(folder, "run", "metrics"), () => console.log("ready"));

process.once("SIGTERM", async () => {
  metrics.close();
  await server.close();
  await host.close();
});
