import { once } from "node:events";
import { buffer } from "node:stream/consumers";
import { inflateSync } from "node:zlib";
import type { ByteStream } from "@polyvisor/core";
import test from "ava";
import { withConnection } from "../testing/behaving.js";

const FORCE = 1;

const TALKATIVE = `<domain type='test'><name>talkative</name><memory>1024</memory><os><type>hvm</type></os><devices>
  <serial type='pty'/>
  <channel type='unix'><target type='virtio' name='org.example.one'/></channel>
  <channel type='unix'><target type='virtio' name='org.example.two'/></channel>
</devices></domain>`;

/** All that a stream says until it has said `last`. */
async function hears(stream: ByteStream, last: string): Promise<string> {
  let heard = "";
  while (!heard.endsWith(last)) heard += ((await once(stream, "data")) as [Buffer])[0].toString();
  return heard;
}

test("a screenshot is a picture whose frame has the domain's own colour", (t) =>
  withConnection(async ({ api }) => {
    const dom = await api.domainLookupByName({ name: "test" });
    const { mime, stream } = await api.domainScreenshot({ dom, screen: 0, flags: 0 });
    const png = await buffer(stream);
    t.is(mime, "image/png");
    t.is(png.toString("latin1", 1, 4), "PNG");
    t.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [640, 400]);
    const palette = png.indexOf("PLTE") + 4;
    t.is(png.toString("hex", palette + 21, palette + 24), dom.uuid.slice(0, 6));
    const data = png.indexOf("IDAT") + 4;
    t.is(inflateSync(png.subarray(data)).length, 400 * 641);
  }));

test("a console echoes, has one user at a time, and ends with its guest", (t) =>
  withConnection(async ({ api }) => {
    const dom = await api.domainCreateXML({ xmlDesc: TALKATIVE, flags: 0 });
    const console = await api.domainOpenConsole({ dom, devName: null, flags: 0 });
    t.is(await hears(console, "\n"), "Connected to the test guest 'talkative'.\r\n");
    console.write("ls\r");
    t.is(await hears(console, "\n"), "ls\r\n");
    await t.throwsAsync(() => api.domainOpenConsole({ dom, devName: "serial0", flags: 0 }), {
      message: "operation failed: Active console session exists for this domain",
    });
    const next = await api.domainOpenConsole({ dom, devName: "serial0", flags: FORCE });
    t.true(console.destroyed);
    await hears(next, "\n");
    await api.domainDestroy({ dom });
    next.resume();
    await once(next, "end");
  }));

test("a terminal that the domain does not have is refused by name", (t) =>
  withConnection(async ({ api }) => {
    const dom = await api.domainCreateXML({ xmlDesc: TALKATIVE, flags: 0 });
    const error = await t.throwsAsync(() => api.domainOpenConsole({ dom, devName: "serial7", flags: 0 }));
    t.like(error, {
      message: "internal error: cannot find character device serial7",
      hint: "the domain has serial0",
    });
  }));

test("a channel gives back what it gets, each by its name", (t) =>
  withConnection(async ({ api }) => {
    const dom = await api.domainCreateXML({ xmlDesc: TALKATIVE, flags: 0 });
    const first = await api.domainOpenChannel({ dom, name: null, flags: 0 });
    const second = await api.domainOpenChannel({ dom, name: "org.example.two", flags: 0 });
    first.write("one\r");
    second.write("two");
    t.is(await hears(first, "\r"), "one\r");
    t.is(await hears(second, "o"), "two");
    await t.throwsAsync(() => api.domainOpenChannel({ dom, name: "org.example.one", flags: 0 }), {
      message: "operation failed: Active channel stream exists for this domain",
    });
    await t.throwsAsync(() => api.domainOpenChannel({ dom, name: "org.example.three", flags: 0 }), {
      message: "internal error: cannot find channel org.example.three",
    });
  }));

test("a domain that is off has neither", (t) =>
  withConnection(async ({ api }) => {
    const dom = await api.domainDefineXML({ xml: TALKATIVE });
    const off = { message: "Requested operation is not valid: domain is not running" };
    await t.throwsAsync(() => api.domainOpenConsole({ dom, devName: null, flags: 0 }), off);
    await t.throwsAsync(() => api.domainOpenChannel({ dom, name: null, flags: 0 }), off);
  }));
