// The states of a session in which attackers send what they send.

import { descriptorSession, oddSession, registrations, STREAM, streamSession } from "./corpus.mjs";
import { callFrame, Peer } from "./wire.mjs";

const AUTH = callFrame("authList", {}, 1);
/** From its answer on the daemon takes descriptors. */
const ASKED = callFrame("connectSupportsFeature", { feature: 8 }, 3);
const open = (name, flags = 0) => callFrame("connectOpen", { name, flags }, 2);

/**
 * @typedef {object} State
 * @property {string} uri what the janitor and the observer open
 * @property {boolean} [changesNothing] what attackers send in this state cannot change anything
 * @property {boolean} [single] a session is in this state only once, so each burst needs a new one
 * @property {boolean} [closes] the client closes, and sends more before, with and after that
 * @property {boolean} [stirs] somebody has to cause events
 * @property {(daemon: { socket: string, readOnlySocket: string }, random: import("../lib/random.mjs").Random) => Promise<Peer>} enter
 * @property {(dom: object) => Buffer[]} more messages that belong to this state
 */

/** @type {Record<string, State>} */
export const STATES = {
  fresh: { uri: "test:///default", single: true, enter: ({ socket }) => Peer.connect(socket), more: oddSession },
  auth: { uri: "test:///default", single: true, enter: ({ socket }) => prepared(socket, [AUTH]), more: oddSession },
  opened: {
    uri: "test:///default",
    enter: ({ socket }) => prepared(socket, [AUTH, open("test:///default")]),
    more: oddSession,
  },
  "read-only": {
    uri: "test:///default",
    changesNothing: true,
    enter: ({ socket, readOnlySocket }, random) =>
      random.chance(0.5)
        ? prepared(readOnlySocket, [AUTH, open("test:///default")])
        : prepared(socket, [AUTH, open("test:///default", 1)]),
    more: oddSession,
  },
  events: {
    uri: "test:///default",
    stirs: true,
    enter: ({ socket }) => prepared(socket, [AUTH, open("test:///default"), ...registrations().slice(0, 27)]),
    more: registrations,
  },
  stream: {
    uri: "soak:///default",
    enter: async ({ socket }, random) => {
      const peer = await prepared(socket, [AUTH, open("soak:///default")]);
      const devName = random.pick(["echo", "endless", "dies", "ends"]);
      const dom = { name: "soak", uuid: "50ac50ac-50ac-50ac-50ac-50ac50ac50ac", id: 1 };
      await peer.call(callFrame("domainOpenConsole", { dom, devName, flags: 0 }, STREAM.serial), STREAM.serial);
      return peer;
    },
    more: (dom) => Array(8).fill(streamSession(dom)).flat(),
  },
  descriptors: {
    uri: "test:///default",
    enter: ({ socket }) => prepared(socket, [AUTH, open("test:///default"), ASKED]),
    more: descriptorSession,
  },
  closing: {
    uri: "test:///default",
    single: true,
    closes: true,
    enter: ({ socket }) => prepared(socket, [AUTH, open("test:///default")]),
    more: oddSession,
  },
};

/** A client for which all of these calls have been answered. */
async function prepared(socket, calls) {
  const peer = await Peer.connect(socket);
  peer.socket.write(Buffer.concat(calls));
  await peer.until(() => peer.replies >= calls.length, 30_000);
  if (peer.replies < calls.length) throw new Error("a client could not begin its session");
  return peer;
}
