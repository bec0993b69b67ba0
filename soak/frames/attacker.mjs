// A process of attackers: each lane keeps one connection busy with mutated messages and judges what comes back.
// Started by round.mjs; takes one order at a time over the channel to it, and answers with figures.
import { Descriptor, hypervisorApi } from "@polyvisor/core";
import { sendDescriptor } from "@polyvisor/sdk/process";
import { Random } from "../lib/random.mjs";
import { judge } from "./judge.mjs";
import { AT, lie, mutate } from "./mutate.mjs";
import { STATES } from "./states.mjs";
import { callFrame } from "./wire.mjs";

/** What attackers give away, again and again. */
const GIFT = new Descriptor(2);

const CLOSE = callFrame("connectClose", {}, 9);
const OPEN = hypervisorApi.connectOpen.number;

/** How long the daemon may take to answer or to close, in milliseconds, on a machine that is busy. */
const PATIENCE = 30_000;
const BURST_MAX = 64;

process.on("message", async (order) => {
  const corpus = order.corpus.map((session) => session.map((text) => Buffer.from(text, "base64")));
  process.send(await attack({ ...order, corpus }));
});
process.on("disconnect", () => process.exit());

/**
 * @param {{ state: string, seed: string, count: number, lanes: number, mutations: number, corpus: Buffer[][],
 *   sockets: { socket: string, readOnlySocket: string } }} order `mutations` is the share of messages that are changed
 */
async function attack(order) {
  const figures = { frames: 0, bursts: 0, connections: 0, replies: 0, errors: 0, closed: 0, torn: 0, faults: [] };
  const begin = performance.now();
  await Promise.all(Array.from({ length: order.lanes }, (_, lane) => runLane(order, lane, figures)));
  return { ...figures, seconds: (performance.now() - begin) / 1000 };
}

async function runLane(order, lane, figures) {
  const state = STATES[order.state];
  let peer;
  for (let burst = 0; figures.frames < order.count && figures.faults.length < 20; burst++) {
    const name = `${order.seed}/${order.state}/${lane}/${burst}`;
    const random = new Random(name);
    try {
      if (peer === undefined || peer.closed) {
        peer = await state.enter(order.sockets, random);
        figures.connections++;
      }
      const goesOn = await runBurst(peer, random, order, figures);
      if (!goesOn || state.single || random.chance(0.1)) peer = leave(peer, random);
    } catch (error) {
      figures.faults.push(`burst ${name}: ${error.message}`);
      peer = peer && leave(peer, random);
    }
  }
  peer?.socket.destroy();
}

/** Some go politely, some do not. */
function leave(peer, random) {
  if (random.chance(0.5)) peer.socket.destroy();
  else peer.socket.end();
  setTimeout(() => peer.socket.destroy(), 1000).unref();
}

/** Resolves with whether the session is still good for another burst. */
async function runBurst(peer, random, order, figures) {
  const { closes } = STATES[order.state];
  const messages = makeBurst(random, order);
  if (closes) messages.splice(random.below(messages.length + 1), 0, CLOSE);
  const [sentinel, serial] = sentinelFor(messages, random);
  const bytes = Buffer.concat([...messages, sentinel]);
  const verdict = judge(bytes);
  peer.reset();
  await send(peer, bytes, random);
  const left = closes && random.chance(0.3);
  if (left) peer.socket.end();
  const problem = await outcome(peer, left ? { ...verdict, mayClose: true } : verdict, serial);
  figures.bursts++;
  figures.frames += verdict.frames;
  figures.replies += peer.replies;
  figures.errors += peer.errors;
  if (verdict.fate === "closed") figures.closed++;
  if (verdict.fate === "torn") figures.torn++;
  if (problem !== undefined) throw new Error(problem);
  return verdict.fate === "lives" && !peer.closed;
}

/** What is wrong with what the daemon did, if anything. */
async function outcome(peer, verdict, serial) {
  const { fate, replies, most, mayClose } = verdict;
  if (fate === "lives") await peer.until(() => peer.replies >= replies && peer.serials.has(serial), PATIENCE);
  else if (fate === "torn") await peer.until(() => peer.replies >= replies, PATIENCE);
  else await peer.until(() => peer.closed, PATIENCE);
  if (peer.faults.length > 0) return peer.faults[0];
  const told = `${peer.replies} replies, ${peer.closed ? "closed" : "open"}, expected ${JSON.stringify(verdict)}`;
  if (peer.replies > most) return `more replies than calls: ${told}`;
  if (fate === "closed" || fate === "ended") return peer.closed ? undefined : `the daemon did not close: ${told}`;
  if (peer.closed) return mayClose ? undefined : `the daemon closed the connection: ${told}`;
  return peer.replies < replies ? `calls without a reply: ${told}` : undefined;
}

/** @returns {Buffer[]} */
function makeBurst(random, { corpus, mutations, state }) {
  const session = random.pick(corpus);
  const messages = [];
  let at = random.below(session.length);
  for (let left = random.from(1, BURST_MAX); left > 0; left--) {
    const message = session[at++ % session.length];
    if (random.chance(mutations)) messages.push(mutate(random, message, random.pick(random.pick(corpus))));
    else messages.push(message);
    if (random.chance(0.02)) messages.push(...Array(random.from(1, 20)).fill(messages.at(-1)));
  }
  if (random.chance(0.1)) shuffle(random, messages);
  if (mutations > 0 && random.chance(0.08))
    messages.splice(random.below(messages.length), 0, lie(random, random.pick(session)));
  return state === "fresh" || state === "auth" ? seldomOpening(random, messages) : messages;
}

/** A session that is opened is in another state, so most bursts in these states do not open it. */
function seldomOpening(random, messages) {
  if (random.chance(0.1)) return messages;
  const opens = (message) => message.length >= 28 && message.readUInt32BE(AT.PROCEDURE) === OPEN;
  return messages.filter((message) => !opens(message) || random.chance(0.02));
}

function shuffle(random, messages) {
  for (let i = messages.length - 1; i > 0; i--) {
    const other = random.below(i + 1);
    [messages[i], messages[other]] = [messages[other], messages[i]];
  }
}

/** An honest call at the end of a burst. Its answer shows that the daemon has come that far. */
function sentinelFor(messages, random) {
  const taken = new Set(
    messages.filter(({ length }) => length >= 28).map((message) => message.readUInt32BE(AT.SERIAL)),
  );
  let serial = random.word();
  while (taken.has(serial)) serial = random.word();
  return [callFrame("authList", {}, serial), serial];
}

/** All at once, or in pieces that end anywhere; now and then with a descriptor that nobody has announced. */
async function send(peer, all, random) {
  const bytes = random.chance(0.1) && passAlong(peer.socket, all[0]) ? all.subarray(1) : all;
  if (random.chance(0.6)) {
    peer.socket.write(bytes);
    return;
  }
  const small = random.chance(0.2);
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + (small ? random.from(1, 64) : random.from(1, 8192)));
    peer.socket.write(bytes.subarray(at, end));
    at = end;
    if (random.chance(small ? 0.05 : 0.5)) await new Promise(setImmediate);
  }
}

/** Sends one byte with a descriptor. False where the byte still has to be sent. */
function passAlong(socket, byte) {
  try {
    return socket.writableLength === 0 && sendDescriptor(socket, GIFT, byte);
  } catch {
    // The daemon has closed the connection meanwhile.
    return false;
  }
}
