// What a call costs inside the daemon, layer by layer, with the daemon's own modules and no socket. Prints JSON: for each
// call the microseconds of each layer and of the way through all of them. `node bench/budget.mjs` shows it alone.
import { checkReadOnly, createHost, parseUri, remoteProgram, silentLog, xdr } from "@polyvisor/core";
import { FrameSplitter, frameBytes, MESSAGE_STATUS, MESSAGE_TYPE } from "@polyvisor/sdk/rpc";
import { authorize } from "../daemon/dist/access/authorize.js";
import { SessionCallContext } from "../daemon/dist/rpc/context.js";
import { argsOf, entryOf, perform } from "../daemon/dist/rpc/dispatch.js";
import { writeReply } from "../daemon/dist/rpc/messages.js";
import { Outbox } from "../daemon/dist/rpc/outbox.js";
import { dispatchTables } from "../daemon/dist/rpc/table.js";

const BATCH = 2000;
const BATCHES = 150;
const WARM_UP = 20;
const CALLS = ["connectGetLibVersion", "nodeGetInfo", "domainGetState", "domainGetXMLDesc", "domainLookupByName"];

const identity = { uid: 0, gid: 0, pid: 1 };
const caller = { identity, readOnly: false, log: silentLog, signal: new AbortController().signal };
const host = await createHost({
  plugins: ["@polyvisor/test"],
  dependenciesOf: new URL("../daemon/", import.meta.url).pathname,
});
const connection = await host.openDriver(parseUri("test:///default"), caller);
const { name, uuid, id } = await connection.domainLookupByName({ name: "test" }, caller);

/** Arguments of any of the calls: each takes the fields that it has. */
const ARGUMENTS = { dom: { name, uuid, id }, name, flags: 0 };

const rows = [];
for (const call of CALLS) rows.push({ call, ...(await layersOf(call)) });
console.log(JSON.stringify(rows));
await host.close();

async function layersOf(call) {
  const entry = dispatchTables.flatMap(({ entries }) => entries).find((known) => known?.name === call);
  const bytes = messageOf(entry, ARGUMENTS);
  const session = fakeSession();
  const context = () => new SessionCallContext(session, entry.name, 1);
  const frames = new FrameSplitter();
  frames.feed(bytes);
  frames.next();
  const { frame } = frames;
  const splitter = new FrameSplitter();
  const outbox = new Outbox(fakeSocket(), () => {});
  const result = await perform(entry, session, argsOf(entry, frame), context());
  const args = argsOf(entry, frame);
  const asker = { policy: { allows: () => true }, identity, connection, log: silentLog };
  const found = entry.answer === undefined ? (values, by) => connection[entry.name](values, by) : undefined;
  return {
    frame: await cost(() => {
      splitter.feed(bytes);
      splitter.next();
    }),
    dispatch: await cost(() => argsOf(entryOf(dispatchTables[0], frame), frame)),
    check: await cost(() => {
      if (entry.domainField !== undefined) connection.resolveDomain(args[entry.domainField]);
      if (entry.call.readOnly) checkReadOnly(entry.name, entry.call, args);
    }),
    policy: await costLate(() => authorize(asker, entry.name, entry.call, args)),
    handler: await cost(() => (found ?? ((values, by) => entry.answer(session, values, by)))(args, context())),
    reply: await cost(() => {
      outbox.gather();
      writeReply(outbox, entry, 1, args, result);
      outbox.flush();
    }),
    whole: await cost(() => {
      splitter.feed(bytes);
      splitter.next();
      const values = argsOf(entryOf(dispatchTables[0], splitter.frame), splitter.frame);
      outbox.gather();
      writeReply(outbox, entry, 1, values, perform(entry, session, values, context()));
      outbox.flush();
    }),
  };
}

function messageOf({ call }, values) {
  const args = Object.fromEntries(Object.keys(call.args.fields).map((field) => [field, values[field]]));
  return frameBytes(
    {
      program: remoteProgram.number,
      version: remoteProgram.version,
      procedure: call.number,
      type: MESSAGE_TYPE.CALL,
      serial: 1,
      status: MESSAGE_STATUS.OK,
    },
    xdr.encodeToBuffer(call.args, args),
  );
}

/** What a call asks of a session whose client has opened a URI. */
function fakeSession() {
  return { identity, readOnly: false, log: silentLog, policy: undefined, isOpen: true, connection };
}

/** A socket whose kernel takes everything at once. */
function fakeSocket() {
  return { writableLength: 0, destroyed: false, writable: true, write: () => true };
}

/** Microseconds of one run of `work`: the median of many batches, so that the collector's pauses do not count. */
async function cost(work) {
  return median(() => {
    for (let i = 0; i < BATCH; i++) work();
  });
}

async function costLate(work) {
  return median(async () => {
    for (let i = 0; i < BATCH; i++) await work();
  });
}

async function median(batch) {
  const samples = [];
  for (let i = -WARM_UP; i < BATCHES; i++) {
    const start = performance.now();
    await batch();
    if (i >= 0) samples.push(((performance.now() - start) * 1000) / BATCH);
  }
  return samples.sort((a, b) => a - b)[BATCHES >> 1];
}
