// A well-behaved client in a process of its own. It calls, waits for the answer, rests, and measures; now and then it
// connects anew. Started by round.mjs and rudeness.mjs: told to begin and to report, it answers with latencies in microseconds.
import { setTimeout as sleep } from "node:timers/promises";
import { remoteProgram } from "@polyvisor/core";
import { RpcClient } from "@polyvisor/sdk/rpc";
import { percentiles } from "../lib/percentiles.mjs";

const [socket, uri, noNew] = process.argv.slice(2);
const { calls } = remoteProgram;

/** Milliseconds between two calls. */
const REST = 1;
/** Calls between two connections. */
const PER_CONNECTION = 50;

let [callTimes, openTimes] = [[], []];
let failures = [];

process.on("message", (order) => {
  if (order === "report") process.send({ call: percentiles(callTimes), open: percentiles(openTimes), failures });
  [callTimes, openTimes, failures] = [[], [], []];
});
process.on("disconnect", () => process.exit());

const client = await connect();
client.closed.then((reason) => failures.push(`the observer's connection was lost: ${reason}`));
process.send("ready");
for (let i = 0; ; i++) {
  await timed(callTimes, () => ask(client, i));
  if (noNew === undefined && i % PER_CONNECTION === 0) {
    const other = await timed(openTimes, connect);
    await other?.close();
  }
  await sleep(REST);
}

async function connect() {
  const made = await RpcClient.connect(socket);
  await made.call(remoteProgram, calls.authList, {});
  await made.call(remoteProgram, calls.connectOpen, { name: uri, flags: 0 });
  return made;
}

/** An error is an answer too: attackers may have removed the domain. */
async function ask(peer, i) {
  const [call, args] = i % 2 === 0 ? [calls.domainLookupByName, { name: "test" }] : [calls.connectGetHostname, {}];
  try {
    await peer.call(remoteProgram, call, args);
  } catch (error) {
    if (error.code !== "NO_DOMAIN") throw error;
  }
}

async function timed(times, work) {
  const begin = performance.now();
  try {
    const result = await work();
    times.push((performance.now() - begin) * 1000);
    return result;
  } catch (error) {
    failures.push(error.message);
    await sleep(100);
  }
}
