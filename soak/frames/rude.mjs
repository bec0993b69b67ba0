// Clients that keep to the protocol's words and not to its manners: they do not read, do not finish, do not stop.
// Each works for some seconds and then leaves without a word.
import { setTimeout as sleep } from "node:timers/promises";
import { hypervisorApi } from "@polyvisor/core";
import { MESSAGE_STATUS, MESSAGE_TYPE } from "@polyvisor/sdk/rpc";
import { STREAM } from "./corpus.mjs";
import { AT } from "./mutate.mjs";
import { callFrame, frame, Peer } from "./wire.mjs";

const DOM = { name: "soak", uuid: "50ac50ac-50ac-50ac-50ac-50ac50ac50ac", id: 1 };
const OPEN = callFrame("connectOpen", { name: "soak:///default", flags: 0 }, 2);
const LIFECYCLE = 0;
const RTC_CHANGE = 2;

/**
 * @typedef {object} Manners
 * @property {number} most what the daemon may use more than before while it lasts, in MB of resident memory
 * @property {boolean} [crowded] new clients cannot be served meanwhile
 * @property {Record<string, unknown>} [settings] of a daemon of its own
 * @property {(target: { socket: string }, seconds: number) => Promise<Record<string, number>>} run
 */

/** @type {Record<string, Manners>} */
export const RUDE = {
  /** Connected, and nothing more; or the beginning of a message and nothing more. */
  "half-open": {
    most: 100,
    async run({ socket }, seconds) {
      const beginnings = [Buffer.alloc(0), Buffer.alloc(2), OPEN.subarray(0, 20), promising(8 << 20, 65536)];
      const peers = await crowd(socket, 400);
      for (const [i, peer] of peers.entries()) peer.socket.write(beginnings[i % beginnings.length]);
      await sleep(seconds * 1000);
      return leave(peers);
    },
  },
  /** Nearly all of the longest messages that there may be. */
  "endless-messages": {
    most: 400,
    async run({ socket }, seconds) {
      const peers = await crowd(socket, 40);
      const bytes = promising(33554432, 30 << 20);
      for (const peer of peers) peer.socket.write(bytes);
      await sleep(seconds * 1000);
      return leave(peers);
    },
  },
  /** Ask for much and read nothing. */
  "deaf-to-replies": {
    most: 200,
    async run({ socket }, seconds) {
      const peers = await crowd(socket, 50, [OPEN]);
      const calls = Buffer.concat(Array(500).fill(callFrame("connectGetCapabilities", {}, 5)));
      for (const peer of peers) {
        peer.socket.pause();
        peer.socket.write(calls);
      }
      await sleep(seconds * 1000);
      return leave(peers);
    },
  },
  /** Ask for events and read nothing, while there are many. */
  "deaf-to-events": {
    most: 400,
    async run({ socket }, seconds) {
      const events = [LIFECYCLE, RTC_CHANGE].map((eventID) =>
        callFrame("connectDomainEventCallbackRegisterAny", { eventID, dom: null }, 10 + eventID),
      );
      const peers = await crowd(socket, 50, [OPEN, ...events]);
      for (const peer of peers) peer.socket.pause();
      const [stirrer] = await crowd(socket, 1, [OPEN]);
      const stir = callFrame("domainReset", { dom: DOM, flags: 0 }, 20);
      const end = performance.now() + seconds * 1000;
      let stirs = 0;
      for (; performance.now() < end && !stirrer.closed; stirs++) {
        stirrer.reset();
        await stirrer.call(stir, 20);
        await sleep(5);
      }
      return { stirs, ...leave([...peers, stirrer]) };
    },
  },
  /** Write to a console that takes nothing. */
  "stalled-consoles": {
    most: 300,
    async run({ socket }, seconds) {
      const console = callFrame("domainOpenConsole", { dom: DOM, devName: "stalls", flags: 0 }, STREAM.serial);
      const peers = await crowd(socket, 50, [OPEN, console]);
      const data = frame(
        { ...STREAM, type: MESSAGE_TYPE.STREAM, status: MESSAGE_STATUS.CONTINUE },
        Buffer.alloc(262120, "x"),
      );
      for (const peer of peers) for (let i = 0; i < 20; i++) peer.socket.write(data);
      await sleep(seconds * 1000);
      return leave(peers);
    },
  },
  /** Open a console that talks without an end, and read nothing. */
  "deaf-consoles": {
    most: 300,
    async run({ socket }, seconds) {
      const console = callFrame("domainOpenConsole", { dom: DOM, devName: "flood", flags: 0 }, STREAM.serial);
      const peers = await crowd(socket, 50, [OPEN]);
      for (const peer of peers) {
        peer.socket.pause();
        peer.socket.write(console);
      }
      await sleep(seconds * 1000);
      return leave(peers);
    },
  },
  /** Leave many slow calls behind. */
  "slow-calls": {
    most: 100,
    async run({ socket }, seconds) {
      const calls = Buffer.concat(Array(200).fill(callFrame("domainCreate", { dom: DOM }, 5)));
      const end = performance.now() + seconds * 1000;
      let clients = 0;
      while (performance.now() < end) {
        const peers = await crowd(socket, 20, [OPEN]);
        for (const peer of peers) peer.socket.write(calls);
        await sleep(50);
        clients += leave(peers).clients;
      }
      return { clients };
    },
  },
  /** Cheap calls, as many as the daemon answers. */
  "call-flood": {
    most: 100,
    async run({ socket }, seconds) {
      const peers = await crowd(socket, 8, [OPEN]);
      const calls = Buffer.concat(Array(200).fill(callFrame("connectGetHostname", {}, 5)));
      const end = performance.now() + seconds * 1000;
      let answered = 0;
      await Promise.all(
        peers.map(async (peer) => {
          while (performance.now() < end && !peer.closed) {
            peer.reset();
            peer.socket.write(calls);
            await peer.until(() => peer.replies >= 200, 30_000);
            answered += peer.replies;
          }
        }),
      );
      return { answered, ...leave(peers) };
    },
  },
  /** Come and go. */
  churn: {
    most: 100,
    async run({ socket }, seconds) {
      const end = performance.now() + seconds * 1000;
      let clients = 0;
      while (performance.now() < end) {
        const peers = await crowd(socket, 50);
        for (const [i, peer] of peers.entries()) if (i % 2 === 0) peer.socket.write(OPEN);
        clients += leave(peers).clients;
      }
      return { clients };
    },
  },
  /** More clients than are served. */
  crowd: {
    most: 100,
    crowded: true,
    settings: { max_clients: 200, max_queued_clients: 50 },
    async run({ socket }, seconds) {
      const peers = [];
      const end = performance.now() + seconds * 1000;
      while (performance.now() < end) {
        if (peers.length < 1000) peers.push(...(await crowd(socket, 100)));
        await sleep(20);
      }
      return { turnedAway: peers.filter(({ closed }) => closed).length, ...leave(peers) };
    },
  },
};

/** The beginning of a message that promises so many bytes. */
function promising(promised, sent) {
  const bytes = Buffer.alloc(sent);
  frame({ procedure: hypervisorApi.domainDefineXML.number }).copy(bytes);
  bytes.writeUInt32BE(promised, AT.LENGTH);
  return bytes;
}

/** So many clients, for which these calls have been answered, one after the other. */
async function crowd(socket, count, calls = []) {
  const peers = await Promise.all(Array.from({ length: count }, () => connect(socket)));
  for (const call of calls) {
    for (const peer of peers) {
      peer.reset();
      peer.socket.write(call);
    }
    await Promise.all(peers.map((peer) => peer.until(() => peer.replies === 1, 30_000)));
    if (peers.some(({ replies, errors }) => replies !== 1 || errors > 0)) throw new Error("a client could not begin");
  }
  return peers;
}

/** Where too many come at once, the system asks to try again. */
async function connect(socket) {
  for (;;) {
    try {
      return await Peer.connect(socket);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
      await sleep(1);
    }
  }
}

function leave(peers) {
  const lost = peers.filter(({ closed }) => closed).length;
  for (const peer of peers) peer.socket.destroy();
  return { clients: peers.length, lost };
}
