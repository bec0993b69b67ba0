import { xdr } from "@polyvisor/core";
import test from "ava";
import fc from "fast-check";
import {
  beginFrame,
  endFrame,
  type Frame,
  FrameError,
  FrameSplitter,
  frameBytes,
  HEADER_BYTES,
  MESSAGE_BYTES_MAX,
  MESSAGE_STATUS,
  MESSAGE_TYPE,
} from "./frame.js";

const HEADER = {
  program: 0x20008086,
  version: 1,
  procedure: 16,
  type: MESSAGE_TYPE.CALL,
  serial: 7,
  status: MESSAGE_STATUS.OK,
};

function lengthWord(length: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  return bytes;
}

function seen(frame: Frame): { serial: number; procedure: number; body: string } {
  return {
    serial: frame.serial,
    procedure: frame.procedure,
    body: frame.buffer.toString("hex", frame.body, frame.end),
  };
}

test("a header has the layout of the wire: seven big-endian words, the length first and inclusive", (t) => {
  t.is(
    frameBytes(HEADER, Buffer.from("abc")).toString("hex"),
    "0000001f" + "20008086" + "00000001" + "00000010" + "00000000" + "00000007" + "00000000" + "616263",
  );
});

test("messages written one behind the other into a writer are those that frameBytes gives", (t) => {
  const writer = new xdr.XdrWriter(8);
  for (const text of ["first", "second, longer"]) {
    const start = beginFrame(writer, HEADER);
    writer.string(text);
    endFrame(writer, start);
  }
  const bodies = ["first", "second, longer"].map((text) => xdr.encodeToBuffer(xdr.string(100), text));
  t.deepEqual(writer.take(), Buffer.concat(bodies.map((body) => frameBytes(HEADER, body))));
});

test("of a chunk whose messages have all been read nothing is kept", (t) => {
  const splitter = new FrameSplitter();
  splitter.feed(frameBytes(HEADER, Buffer.from("abcd")));
  t.true(splitter.next());
  t.is(seen(splitter.frame).body, "61626364");
  t.false(splitter.next());
  t.is(splitter.frame.buffer.length, 0);
  splitter.hold();
  t.false(splitter.next());
});

test("however the bytes are torn, the same messages come out", (t) => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 10000 }), { minLength: 1, maxLength: 8 });
  const cuts = fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(bodies, cuts, fc.boolean(), (payloads, sizes, holds) => {
      const bytes = Buffer.concat(payloads.map((body, serial) => frameBytes({ ...HEADER, serial }, body)));
      const splitter = new FrameSplitter();
      const found: ReturnType<typeof seen>[] = [];
      const shared = Buffer.alloc(9000);
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const size = Math.min(sizes[turn % sizes.length] as number, bytes.length - at);
        bytes.copy(shared, 0, at, at + size);
        splitter.feed(shared, size);
        while (splitter.next()) {
          found.push(seen(splitter.frame));
          if (holds) {
            splitter.hold();
            shared.fill(0xee);
          }
        }
        shared.fill(0xee);
        at += size;
      }
      t.deepEqual(
        found,
        payloads.map((body, serial) => ({ serial, procedure: 16, body: Buffer.from(body).toString("hex") })),
      );
    }),
    { numRuns: 300 },
  );
});

test("a long message that comes in many pieces is put together again", (t) => {
  for (const length of [1048576 - 1, 1048576, 1048576 + 1, 2097152, 3500000]) {
    const body = Buffer.from(Array.from({ length: length - HEADER_BYTES }, (_, i) => (i * 31) & 255));
    const bytes = Buffer.concat([frameBytes(HEADER, body), frameBytes({ ...HEADER, serial: 8 })]);
    for (const size of [65536, 1048576, 50001]) {
      const splitter = new FrameSplitter();
      const bodies: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += size) {
        splitter.feed(bytes.subarray(at, at + size));
        while (splitter.next())
          bodies.push(Buffer.from(splitter.frame.buffer.subarray(splitter.frame.body, splitter.frame.end)));
      }
      t.is(bodies.length, 2);
      t.true(bodies[0]?.equals(body));
      t.is(splitter.held, 0);
    }
  }
});

test("an impossible length is refused as soon as the length word is there", (t) => {
  for (const length of [0, 3, 4, 27, MESSAGE_BYTES_MAX + 1, 0xffffffff]) {
    const splitter = new FrameSplitter();
    const bytes = lengthWord(length);
    splitter.feed(bytes.subarray(0, 3));
    t.false(splitter.next());
    splitter.feed(bytes.subarray(3));
    t.throws(() => splitter.next(), { instanceOf: FrameError }, `length ${length}`);
  }
});

test("the largest length is accepted, and costs memory only for what has arrived", (t) => {
  const splitter = new FrameSplitter();
  splitter.feed(lengthWord(MESSAGE_BYTES_MAX));
  const before = process.memoryUsage().arrayBuffers;
  t.false(splitter.next());
  t.true(process.memoryUsage().arrayBuffers - before < 1e6);
});

test("a message over the limit is not written", (t) => {
  t.throws(() => frameBytes(HEADER, Buffer.alloc(MESSAGE_BYTES_MAX)), { instanceOf: FrameError });
});

test("procedure numbers are signed, serials are not", (t) => {
  const splitter = new FrameSplitter();
  splitter.feed(frameBytes({ ...HEADER, procedure: -1, serial: 0xfffffffe }));
  t.true(splitter.next());
  t.is(splitter.frame.procedure, -1);
  t.is(splitter.frame.serial, 0xfffffffe);
});
