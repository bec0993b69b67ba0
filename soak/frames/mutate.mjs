// What is done to a message. Every function takes random numbers and a message, and returns a message; it may lie.
import { keepaliveProgram, polyvisorProgram, remoteProgram } from "@polyvisor/core";
import { HEADER_BYTES, MESSAGE_BYTES_MAX, MESSAGE_TYPE } from "@polyvisor/sdk/rpc";

/** Where the words of the header stand. */
export const AT = { LENGTH: 0, PROGRAM: 4, VERSION: 8, PROCEDURE: 12, TYPE: 16, SERIAL: 20, STATUS: 24 };

const NUMBERS = Object.values(remoteProgram.calls).map(({ number }) => number);

/** Numbers at which code goes wrong: around sign bits, limits of the protocol and powers of two. */
const EDGES = [
  0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 255, 256, 1023, 1024, 1025, 16383, 16384, 16385, 65535, 65536, 262144, 262145,
  4194303, 4194304, 4194305, 8388608, 33554432, 33554433, 0x7ffffffe, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe,
  0xffffffff,
];

/** A new message with right lengths. */
const bodies = {
  flipBits(random, message) {
    for (let i = random.from(1, 8); i > 0; i--) {
      const at = random.from(AT.PROGRAM, message.length - 1);
      message[at] ^= 1 << random.below(8);
    }
    return message;
  },
  insert(random, message) {
    const at = random.from(HEADER_BYTES, message.length);
    const bytes = random.bytes(random.chance(0.9) ? random.from(1, 40) : random.from(1, 5000));
    return withLength(Buffer.concat([message.subarray(0, at), bytes, message.subarray(at)]));
  },
  remove(random, message) {
    if (message.length === HEADER_BYTES) return message;
    const at = random.from(HEADER_BYTES, message.length - 1);
    const bytes = random.from(1, Math.min(40, message.length - at));
    return withLength(Buffer.concat([message.subarray(0, at), message.subarray(at + bytes)]));
  },
  truncate(random, message) {
    return withLength(Buffer.from(message.subarray(0, random.from(HEADER_BYTES, message.length))));
  },
  /** A count, a length, a flag or a half of a number that is not what it should be. */
  edge(random, message) {
    const words = Math.floor((message.length - HEADER_BYTES) / 4);
    if (words > 0) message.writeUInt32BE(random.pick(EDGES), HEADER_BYTES + 4 * random.below(words));
    return message;
  },
  shift(random, message) {
    const by = random.from(1, 3);
    return withLength(
      Buffer.concat([message.subarray(0, HEADER_BYTES), random.bytes(by), message.subarray(HEADER_BYTES)]),
    );
  },
  /** Another message's body behind this one's header. */
  splice(_random, message, other) {
    return withLength(Buffer.concat([message.subarray(0, HEADER_BYTES), other.subarray(HEADER_BYTES)]));
  },
};

const headers = {
  serial: (random, message) => put(message, AT.SERIAL, random.chance(0.5) ? random.pick(EDGES) : random.below(200)),
  program: (random, message) =>
    put(
      message,
      AT.PROGRAM,
      random.pick([keepaliveProgram.number, polyvisorProgram.number, remoteProgram.number + 1, random.word(), 0]),
    ),
  version: (random, message) => put(message, AT.VERSION, random.chance(0.5) ? random.pick(EDGES) : random.word()),
  procedure: (random, message) =>
    put(message, AT.PROCEDURE, random.chance(0.5) ? random.pick(NUMBERS) : random.pick([random.below(500), ...EDGES])),
  type: (random, message) => put(message, AT.TYPE, random.chance(0.7) ? random.below(8) : random.pick(EDGES)),
  status: (random, message) => put(message, AT.STATUS, random.chance(0.7) ? random.below(4) : random.pick(EDGES)),
  stream: (random, message) => put(put(message, AT.TYPE, MESSAGE_TYPE.STREAM), AT.STATUS, random.below(4)),
};

/** After one of these nothing that follows can be trusted to begin where a message begins. */
const lies = {
  length: (random, message) =>
    put(message, AT.LENGTH, random.pick([...EDGES, 27, 28, 29, MESSAGE_BYTES_MAX, MESSAGE_BYTES_MAX + 1])),
  littleMore: (random, message) => put(message, AT.LENGTH, message.length + random.from(1, 64)),
  littleLess: (random, message) => put(message, AT.LENGTH, Math.max(0, message.length - random.from(1, 64))),
  cut: (random, message) => Buffer.from(message.subarray(0, random.from(1, message.length))),
  noise: (random) => random.bytes(random.from(1, 200)),
  insertUntold(random, message) {
    const at = random.below(message.length);
    return Buffer.concat([message.subarray(0, at), random.bytes(random.from(1, 8)), message.subarray(at)]);
  },
};

const BODIES = Object.values(bodies);
const HEADERS = Object.values(headers);
const LIES = Object.values(lies);

/** A copy with one to three things wrong; the next message still begins where it should. */
export function mutate(random, message, other) {
  let mutated = Buffer.from(message);
  for (let i = random.from(1, 3); i > 0; i--) {
    const change = random.pick(random.chance(0.7) ? BODIES : HEADERS);
    mutated = change(random, mutated, other);
  }
  return mutated;
}

/** A copy that is not as long as it says, or is no message at all. */
export function lie(random, message) {
  return random.pick(LIES)(random, Buffer.from(message));
}

function put(message, at, value) {
  message.writeUInt32BE(value >>> 0, at);
  return message;
}

function withLength(message) {
  return put(message, AT.LENGTH, message.length);
}
