import { polyvisorProgram, remoteProgram } from "@polyvisor/core";
import { type FrameHeader, MESSAGE_STATUS, MESSAGE_TYPE } from "@polyvisor/sdk/rpc";
import test from "ava";
import fc from "fast-check";
import { numberOf } from "../testing/call-bodies.js";
import { frameOf, type RawClient } from "../testing/raw-client.js";
import { type Served, serve } from "../testing/serve.js";

const numbers = Object.values(remoteProgram.calls).map(({ number }) => number);

/** Headers that are right but for what is wrong on purpose, and bodies of anything. */
const message: fc.Arbitrary<Buffer> = fc
  .tuple(
    fc.record({
      program: fc.oneof(
        { weight: 8, arbitrary: fc.constant<number>(remoteProgram.number) },
        fc.constant<number>(polyvisorProgram.number),
        fc.nat(),
      ),
      version: fc.oneof({ weight: 8, arbitrary: fc.constant<number>(remoteProgram.version) }, fc.nat()),
      procedure: fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...numbers) }, fc.integer()),
      type: fc.oneof({ weight: 8, arbitrary: fc.constant<number>(MESSAGE_TYPE.CALL) }, fc.nat({ max: 9 })),
      serial: fc.nat(),
      status: fc.oneof({ weight: 8, arbitrary: fc.constant<number>(MESSAGE_STATUS.OK) }, fc.nat({ max: 9 })),
    }) satisfies fc.Arbitrary<FrameHeader>,
    fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.array(fc.nat({ max: 40 }), { maxLength: 40 }).map(words)),
  )
  .map(([header, body]) => frameOf(header, body));

/** Small words are likely lengths, so that decoding gets further than with bytes of any kind. */
function words(values: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => {
    bytes.writeUInt32BE(value, index * 4);
  });
  return bytes;
}

/** Says all of it, and ends or is ended; whatever comes of it concerns nobody else. */
async function babble(served: Served, opened: boolean, bytes: Buffer): Promise<void> {
  const client: RawClient = await (opened ? served.open() : served.connect());
  client.socket.end(bytes);
  for (const call of served.hypervisor.slow.splice(0)) call.settle();
  await Promise.race([client.closed, new Promise((resolve) => setTimeout(resolve, 50))]);
  client.close();
}

test("whatever messages a client makes up, another client is served", async (t) => {
  const served = await serve(t);
  const other = await served.open();
  await fc.assert(
    fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 30 }), fc.boolean(), async (messages, opened) => {
      await babble(served, opened, Buffer.concat(messages));
      t.is((await other.call(numberOf("connectGetType"))).status, MESSAGE_STATUS.OK);
    }),
    { numRuns: 150 },
  );
});

test("whatever bytes a client makes up, another client is served", async (t) => {
  const served = await serve(t);
  const other = await served.open();
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 500 }), async (bytes) => {
      await babble(served, false, Buffer.from(bytes));
      t.is((await other.call(numberOf("connectGetType"))).status, MESSAGE_STATUS.OK);
    }),
    { numRuns: 50 },
  );
});
