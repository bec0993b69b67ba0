// A daemon in ten lines: node smallest.js /tmp/mine.sock, then: virsh -c 'test+unix:///default?socket=/tmp/mine.sock' list
import { createHost } from "@polyvisor/core";
import { serve } from "@polyvisor/daemon";

const host = await createHost({ plugins: ["@polyvisor/test"], dependenciesOf: import.meta.dirname });
const server = await serve(host, { socket: process.argv[2] });
console.log("ready");
process.once("SIGTERM", async () => {
  await server.close();
  await host.close();
});
