import test from "ava";
import { bodyOf, numberOf } from "../testing/call-bodies.js";
import { RecordedLog } from "../testing/recorded-log.js";
import { serve, until } from "../testing/serve.js";
import { TEST_DOMAIN } from "../testing/tiny-driver.js";
import { shownArgs } from "./trace.js";

const dom = TEST_DOMAIN;

test("a request has one id in all lines about it: of the daemon, of the driver, of its answer", async (t) => {
  const log = new RecordedLog();
  const { hypervisor, connect } = await serve(t, { trace: { on: true } }, log);
  const other = await connect();
  await other.open("test:///default");
  const client = await connect();
  await client.open("test:///default");
  client.send({ procedure: numberOf("domainCreate"), serial: 77 }, bodyOf("domainCreate", { dom }));
  await until(() => hypervisor.slow.length === 1);
  hypervisor.slow[0]?.context.log.info({ step: 1 }, "the driver says something");
  hypervisor.slow[0]?.settle();
  await client.take(({ serial }) => serial === 77);
  const lines = log.lines.filter(({ request }) => request === "2.77");
  t.deepEqual(
    lines.map(({ message }) => message),
    ["a call has come", "the driver says something", "the call is answered"],
  );
  for (const line of lines) t.like(line, { client: 2, pid: process.pid, call: "domainCreate", uri: "test:///default" });
});

test("a call's arguments are told, without passwords", async (t) => {
  const log = new RecordedLog();
  const { open } = await serve(t, { trace: { on: true } }, log);
  const client = await open();
  await client.call(numberOf("domainDestroy"), bodyOf("domainDestroy", { dom }));
  const come = log.lines.find(({ call }) => call === "domainDestroy");
  t.is(come?.args, JSON.stringify({ dom }));
  const xml = "<graphics type='vnc' passwd='sesame'/>";
  const args = { user: "me", password: "sesame", size: 5n, value: Buffer.from("sesame"), xml };
  t.is(
    shownArgs(args),
    JSON.stringify({ user: "me", password: "***", size: "5", value: "6 bytes", xml: xml.replace("sesame", "***") }),
  );
});

test("calls that fail say why, and what a driver did not foresee is an error with the id of its request", async (t) => {
  const log = new RecordedLog();
  const { open } = await serve(t, { trace: { on: true } }, log);
  const client = await open();
  await client.call(numberOf("domainLookupByName"), bodyOf("domainLookupByName", { name: "nobody" }));
  await client.call(numberOf("domainReset"), bodyOf("domainReset", { dom, flags: 0 }));
  const of = (call: string) => log.lines.filter((line) => line.call === call).at(-1);
  t.like(of("domainLookupByName"), {
    level: "debug",
    code: "NO_DOMAIN",
    message: "the call failed: Domain not found: no domain with matching name 'nobody'",
    request: "1.2",
  });
  t.like(of("domainReset"), { level: "error", request: "1.3" });
});

test("a call that fails leaves a line for the operator, unless it only looked for what is not there", async (t) => {
  const log = new RecordedLog();
  const { open } = await serve(t, {}, log);
  const client = await open();
  await client.call(numberOf("domainLookupByName"), bodyOf("domainLookupByName", { name: "nobody" }));
  t.deepEqual(log.lines, []);
  const { status } = await client.call(
    numberOf("domainOpenConsole"),
    bodyOf("domainOpenConsole", { dom, devName: null, flags: 0 }),
  );
  t.is(status, 1);
  t.like(log.lines, [
    { level: "warn", code: "INTERNAL_ERROR", object: dom, request: "1.3", call: "domainOpenConsole" },
  ]);
  t.regex(log.lines[0]?.message ?? "", /^the call failed: .*cannot find character device/);
});

test("without tracing calls leave no line", async (t) => {
  const log = new RecordedLog();
  const { open } = await serve(t, {}, log);
  const client = await open();
  await client.call(numberOf("domainLookupByName"), bodyOf("domainLookupByName", { name: "nobody" }));
  t.deepEqual(log.lines, []);
});

test("a refusal of the access policy bears its request's id", async (t) => {
  const log = new RecordedLog();
  const policy = { allows: ({ permission }: { permission: string }) => permission !== "stop" };
  const { open } = await serve(t, { policy }, log);
  const client = await open();
  await client.call(numberOf("domainDestroy"), bodyOf("domainDestroy", { dom }));
  t.deepEqual(
    log.lines.map(({ message, request, permission }) => ({ message, request, permission })),
    [{ message: "access denied", request: "1.2", permission: "domain:stop" }],
  );
});
