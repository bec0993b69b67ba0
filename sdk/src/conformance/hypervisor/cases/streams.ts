import { once } from "node:events";
import type { Duplex } from "node:stream";
import { type ByteStream, type Domain, VirtError } from "@polyvisor/core";
import { type Check, Deviation } from "../../kit/index.js";
import { Bench } from "../bench.js";
import { group, type HypervisorCase, STARTS } from "../case.js";

const { quiet, raw } = group("streams");

const CONSOLE = [...STARTS, "domainOpenConsole", "console"];
const SCREEN = [...STARTS, "domainScreenshot", "screen"];
const FORCE = 1;

/** What comes out of a stream, as it comes. */
function reading(stream: Duplex): { text: string; ended: boolean } {
  const seen = { text: "", ended: false };
  stream.on("data", (bytes: Buffer) => {
    seen.text += bytes.toString("latin1");
  });
  for (const end of ["end", "close", "error"])
    stream.on(end, () => {
      seen.ended = true;
    });
  return seen;
}

async function openConsole({ api, check }: Bench, dom: Domain, flags = 0): Promise<ByteStream> {
  const stream = await api.domainOpenConsole({ dom, devName: null, flags });
  stream.on("error", () => {});
  check.cleanup(() => stream.destroy());
  return stream;
}

/** Types again and again until the guest sends it back: it may just be starting. */
async function echoes(check: Check, stream: ByteStream, word: string): Promise<void> {
  const seen = reading(stream);
  let asked = 0;
  await check.eventually("what was typed comes back", () => {
    if (seen.ended) throw new Deviation("the console ended");
    if (asked++ % 25 === 0) stream.write(`${word}\r\n`);
    return seen.text.includes(word);
  });
}

async function shot({ api }: Bench, dom: Domain): Promise<{ bytes: Buffer; mime: string | null }> {
  const { stream, mime } = await api.domainScreenshot({ dom, screen: 0, flags: 0 });
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return { bytes: Buffer.concat(parts), mime };
}

/** Consoles and pictures. */
export const streamCases: readonly HypervisorCase[] = [
  quiet("a console sends back what is typed", CONSOLE, async (bench) => {
    const dom = await bench.started("console");
    await echoes(bench.check, await openConsole(bench, dom), "hello");
  }),

  quiet("a console is closed and opened again", CONSOLE, async (bench) => {
    const dom = await bench.started("console");
    const first = await openConsole(bench, dom);
    await echoes(bench.check, first, "first");
    first.destroy();
    const second = await bench.check.eventually("the console is free", () =>
      openConsole(bench, dom).catch((error: unknown) => {
        if (error instanceof VirtError) return undefined;
        throw error;
      }),
    );
    await echoes(bench.check, second, "second");
  }),

  raw("a console is one client's, unless another takes it", CONSOLE, async (subject, check) => {
    const [bench, other] = [await Bench.open(subject, check), await Bench.open(subject, check)];
    const dom = await bench.started("console");
    const stream = await openConsole(bench, dom);
    const seen = reading(stream);
    await echoes(check, stream, "mine");
    await check.refused(openConsole(other, dom), "OPERATION_FAILED", "the console of another client");
    const taken = await openConsole(other, dom, FORCE);
    await echoes(check, taken, "taken");
    await check.eventually("the console of the first one ends", () => seen.ended);
  }),

  raw("a console ends with its guest", CONSOLE, async (subject, check) => {
    const [bench, other] = [await Bench.open(subject, check), await Bench.open(subject, check)];
    const dom = await bench.started("console");
    const stream = await openConsole(bench, dom);
    const seen = reading(stream);
    await echoes(check, stream, "hello");
    await other.destroy(dom);
    await check.eventually("the console ends", () => seen.ended);
    check.ok(await bench.exists(dom), "the connection is of no use any more");
  }),

  raw("a console that nobody reads holds nobody up", CONSOLE, async (subject, check) => {
    const bench = await Bench.open(subject, check);
    const dom = await bench.started("console");
    const stream = await openConsole(bench, dom);
    await echoes(check, stream, "hello");
    stream.pause();
    const line = Buffer.alloc(4096, "x");
    for (let i = 0; i < 64; i++) if (!stream.write(line)) break;
    await check.within("a query", bench.api.domainLookupByUUID({ uuid: dom.uuid }));
    const other = await Bench.open(subject, check);
    await check.within("another client's query", other.api.domainLookupByUUID({ uuid: dom.uuid }));
  }),

  raw("a client that goes leaves the console to others", CONSOLE, async (subject, check) => {
    const [bench, other] = [await Bench.open(subject, check), await Bench.open(subject, check)];
    const dom = await bench.started("console");
    const left = await openConsole(other, dom);
    await echoes(check, left, "hello");
    await other.connection.close();
    // Over a wire it has ended by now; in this process streams are their opener's.
    left.destroy();
    const stream = await check.eventually("the console is free", () => openConsole(bench, dom).catch(() => undefined));
    await echoes(check, stream, "again");
  }),

  quiet("a domain that is off has no console", CONSOLE, async (bench) => {
    const dom = await bench.defined("console");
    await bench.check.refused(openConsole(bench, dom), "OPERATION_INVALID", "its console");
  }),

  quiet("a console that is not there is refused", CONSOLE, async (bench) => {
    const dom = await bench.started("console");
    const none = bench.api.domainOpenConsole({ dom, devName: "no-such-console", flags: 0 });
    await bench.check.refused(none, ["INTERNAL_ERROR", "INVALID_ARG", "OPERATION_INVALID"], "a console");
  }),

  quiet("a picture of the screen is whole, and the next one, too", SCREEN, async (bench) => {
    const dom = await bench.started("screen");
    const first = await shot(bench, dom);
    bench.check.ok(first.mime !== null && /^image\//.test(first.mime), `its type is ${first.mime}`);
    bench.check.ok(first.bytes.length > 100, `it has ${first.bytes.length} bytes`);
    const second = await shot(bench, dom);
    bench.check.equal(second.bytes.subarray(0, 2), first.bytes.subarray(0, 2), "how the next one begins");
  }),

  quiet("a picture that nobody wants to the end holds nobody up", SCREEN, async (bench) => {
    const { api, check } = bench;
    const dom = await bench.started("screen");
    for (let i = 0; i < 5; i++) {
      const { stream } = await api.domainScreenshot({ dom, screen: 0, flags: 0 });
      stream.on("error", () => {});
      stream.destroy();
      if (!stream.closed) await once(stream, "close");
    }
    await check.within("a query", api.domainLookupByUUID({ uuid: dom.uuid }));
    check.ok((await check.within("a picture", shot(bench, dom))).bytes.length > 100, "the next one is whole");
  }),

  quiet("a domain that is off has no picture", SCREEN, async (bench) => {
    const dom = await bench.defined("screen");
    await bench.check.refused(shot(bench, dom), "OPERATION_INVALID", "its picture");
  }),
];
