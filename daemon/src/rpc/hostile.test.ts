import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { domainEvents } from "@polyvisor/core";
import { MESSAGE_STATUS, MESSAGE_TYPE } from "@polyvisor/sdk/rpc";
import test from "ava";
import { bodyOf, numberOf } from "../testing/call-bodies.js";
import { rootFolder, runProgram } from "../testing/process.js";
import { frameOf } from "../testing/raw-client.js";
import { RecordedLog } from "../testing/recorded-log.js";
import { serve, until } from "../testing/serve.js";
import { TEST_DOMAIN } from "../testing/tiny-driver.js";
import { Turns } from "./turns.js";

const SOAK = new URL("../../../soak/run.mjs", import.meta.url).pathname;
const STATES = ["fresh", "auth", "opened", "read-only", "events", "stream", "descriptors", "closing"];

interface SoakReport {
  readonly faults: readonly string[];
  readonly details: readonly { readonly state: string; readonly rounds: readonly { readonly frames: number }[] }[];
}

/** The soak with few messages: the same attackers, the same judges, a daemon in a process of its own. */
test("20 000 mutated messages in every state of a session do no harm", async (t) => {
  const folder = await rootFolder(t);
  const json = join(folder, "report.json");
  const options = ["--no-build", "--no-latency", "--count", "1500", "--quiet", "100", "--only", STATES.join()];
  const { code, stdout, stderr } = await runProgram(process.execPath, [SOAK, "frames", ...options, "--json", json]);
  t.is(code, 0, stdout + stderr);
  const { details, faults } = JSON.parse(await readFile(json, "utf8")) as SoakReport;
  t.deepEqual(faults, []);
  t.deepEqual(
    details.map(({ state }) => state),
    STATES,
  );
  const frames = details.flatMap(({ rounds }) => rounds.map((round) => round.frames));
  t.true(frames.reduce((sum, count) => sum + count, 0) >= 20_000);
});

test("a client that is not read because its console takes nothing is let go once it is gone", async (t) => {
  const { hypervisor, open } = await serve(t);
  const console = new Duplex({ read() {}, write() {} });
  hypervisor.console = () => console;
  const client = await open();
  const body = bodyOf("domainOpenConsole", { dom: TEST_DOMAIN, devName: null, flags: 0 });
  const opened = await client.call(numberOf("domainOpenConsole"), body);
  t.is(opened.status, MESSAGE_STATUS.OK);
  const { procedure, serial } = opened;
  for (let i = 0; i < 20; i++)
    client.send(
      { procedure, serial, type: MESSAGE_TYPE.STREAM, status: MESSAGE_STATUS.CONTINUE },
      Buffer.alloc(262120),
    );
  await until(() => console.writableLength > 1048576);
  client.close();
  await until(() => hypervisor.closed === 1);
  t.true(console.destroyed);
});

test("of clients that hold too much together the one with the most has to go", async (t) => {
  const { connect } = await serve(t, { maxHeldBytes: 4 << 20 });
  const [greedy, modest, plain] = [await connect(), await connect(), await connect()];
  modest.socket.write(beginningOf(16 << 20, 1 << 20));
  await sleep(50);
  greedy.socket.write(beginningOf(32 << 20, 8 << 20));
  await greedy.closed;
  t.is((await plain.call(numberOf("authList"))).status, MESSAGE_STATUS.OK);
  t.false(modest.socket.destroyed);
});

// Alone: it looks at the memory of the whole process.
test.serial("events for a client that does not read take no more memory than they are long", async (t) => {
  const { hypervisor, open } = await serve(t);
  const client = await open();
  const body = bodyOf("connectDomainEventCallbackRegisterAny", { eventID: 0, dom: null });
  await client.call(numberOf("connectDomainEventCallbackRegisterAny"), body);
  client.socket.pause();
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 10_000; i++) {
    hypervisor.events.emit({ kind: "lifecycle", dom: TEST_DOMAIN, event: 3, detail: 0 });
    await new Promise(setImmediate);
  }
  t.true(process.memoryUsage().arrayBuffers - before < 2e7);
  client.socket.resume();
  await until(() => client.inbox.length === 10_000);
});

test("a client that does not read loses its events, with a line in the log; others lose none, and it gets the next ones", async (t) => {
  const log = new RecordedLog();
  const { hypervisor, server, open } = await serve(t, {}, log);
  const body = bodyOf("connectDomainEventCallbackRegisterAny", { eventID: domainEvents.deviceRemoved.id, dom: null });
  const [deaf, other] = [await open(), await open()];
  for (const client of [deaf, other]) await client.call(numberOf("connectDomainEventCallbackRegisterAny"), body);
  const emit = () => hypervisor.events.emit({ kind: "deviceRemoved", dom: TEST_DOMAIN, devAlias: "x".repeat(8000) });
  const said = (words: string) => log.lines.filter(({ message }) => message.includes(words));
  deaf.socket.pause();
  let emitted = 0;
  while (said("from here on its events are lost").length === 0) {
    for (let i = 0; i < 50; i++, emitted++) emit();
    await until(() => other.inbox.length === emitted);
  }
  const [session] = server.sessions;
  const held = session?.held ?? 0;
  for (let i = 0; i < 500; i++, emitted++) emit();
  await until(() => other.inbox.length === emitted);
  t.is(session?.held, held, "what the daemon keeps for it grows no more");
  t.true(held < 10e6, `${held} bytes`);
  t.is(said("from here on its events are lost").length, 1);
  t.like(said("from here on its events are lost")[0], { level: "warn", client: 1, pid: process.pid });
  deaf.socket.resume();
  await until(() => session?.held === 0);
  emit();
  const [told] = said("the client reads again");
  const kept = emitted - (told?.lost as number) + 1;
  await until(() => deaf.inbox.length === kept);
  t.is((await deaf.call(numberOf("connectGetType"))).status, MESSAGE_STATUS.OK);
});

test("between the turns of two clients that send much, everybody else is served", async (t) => {
  const turns = new Turns();
  const order: string[] = [];
  turns.wait(() => {
    order.push("first");
    turns.wait(() => order.push("first again"));
  });
  turns.wait(() => order.push("second"));
  while (order.length < 7) {
    await new Promise(setImmediate);
    order.push("others");
  }
  t.deepEqual(order.slice(0, 6), ["first", "others", "second", "others", "first again", "others"]);
});

/** The first bytes of a message that promises more. */
function beginningOf(promised: number, sent: number): Buffer {
  const bytes = Buffer.alloc(sent);
  frameOf({ procedure: numberOf("domainDefineXML") }).copy(bytes);
  bytes.writeUInt32BE(promised);
  return bytes;
}
