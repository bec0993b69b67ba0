import { access, stat } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { type HypervisorCallName, remoteProgram } from "@polyvisor/core";
import { freePort } from "@polyvisor/sdk/testkit";
import test from "ava";
import { bodyOf, numberOf } from "../testing/call-bodies.js";
import { configure, polyvisord, rootFolder, startPolyvisord } from "../testing/process.js";
import { RawClient } from "../testing/raw-client.js";
import { parseMetricsPlace } from "./place.js";

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

function read(place: { readonly socketPath: string } | { readonly port: number }, path = "/metrics", method = "GET") {
  return new Promise<Answer>((resolve, reject) => {
    const asked = request({ ...place, host: "127.0.0.1", path, method }, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, type: response.headers["content-type"] ?? "", text }),
      );
    });
    asked.on("error", reject);
    asked.end();
  });
}

test("metrics tell what has happened: calls by name and result, how long they took, events, clients", async (t) => {
  const root = await rootFolder(t);
  const socketPath = join(root, "metrics.sock");
  await configure(root, `metrics_listen = "unix:${socketPath}"\nunix_sock_ro_perms = "0750"\n`);
  const daemon = await startPolyvisord(t, root);
  t.is((await stat(socketPath)).mode & 0o777, 0o750);
  const client = await RawClient.connect(daemon.socket);
  t.teardown(() => client.close());
  await client.open("test:///default");
  const call = (name: HypervisorCallName, args: Record<string, unknown>) =>
    client.call(numberOf(name), bodyOf(name, args));
  await call("domainLookupByName", { name: "nobody" });
  for (let times = 0; times < 3; times++) await call("connectGetType", {});
  await call("connectDomainEventCallbackRegisterAny", { eventID: 0, dom: null });
  const looked = await call("domainLookupByName", { name: "test" });
  // The reply's body is the domain, which is all that the call to suspend it takes.
  await client.call(remoteProgram.calls.domainSuspend.number, looked.body);
  await client.take(({ procedure }) => procedure === 318);
  const { status, type, text } = await read({ socketPath });
  t.is(status, 200);
  t.regex(type, /^text\/plain/);
  for (const line of [
    'polyvisor_calls_total{call="virConnectGetType",result="ok"} 3',
    'polyvisor_calls_total{call="virDomainLookupByName",result="ok"} 1',
    'polyvisor_calls_total{call="virDomainLookupByName",result="NO_DOMAIN"} 1',
    'polyvisor_call_duration_seconds_count{call="virConnectGetType"} 3',
    'polyvisor_call_duration_seconds_bucket{call="virConnectGetType",le="+Inf"} 3',
    'polyvisor_events_total{event="lifecycle"} 1',
    'polyvisor_clients{state="served"} 1',
    'polyvisor_clients{state="waiting"} 0',
    "polyvisor_clients_max 5000",
    'polyvisor_calls{state="running"} 0',
    'polyvisor_jobs{uri="test:///default",state="running"} 0',
  ])
    t.true(text.split("\n").includes(line), `${line} is not in\n${text}`);
  t.regex(text, /^process_resident_memory_bytes \d+$/m);
  t.is(await daemon.end("SIGTERM"), 0);
  await t.throwsAsync(access(socketPath), { code: "ENOENT" });
});

test("they are served on a port of this machine, to readers only, and nowhere without the setting", async (t) => {
  const root = await rootFolder(t);
  const port = await freePort();
  await configure(root, `metrics_listen = "127.0.0.1:${port}"\n`);
  await startPolyvisord(t, root);
  t.is((await read({ port })).status, 200);
  t.is((await read({ port }, "/")).status, 404);
  t.is((await read({ port }, "/metrics", "POST")).status, 405);
});

for (const [text, place] of [
  ["unix:/run/x", { path: "/run/x" }],
  ["127.0.0.1:9177", { host: "127.0.0.1", port: 9177 }],
  ["127.8.8.8:1", { host: "127.8.8.8", port: 1 }],
  ["[::1]:9177", { host: "::1", port: 9177 }],
  ["localhost:9177", { host: "localhost", port: 9177 }],
  ["0.0.0.0:9177", undefined],
  ["[::]:9177", undefined],
  ["192.168.1.1:9177", undefined],
  ["127.0.0.1:65536", undefined],
  ["127.0.0.1", undefined],
  ["unix:relative", undefined],
  ["", undefined],
] as const)
  test(`a place for metrics: "${text}"`, (t) => {
    t.deepEqual(parseMetricsPlace(text), place);
  });

test("a place that others could reach stops the start", async (t) => {
  const root = await rootFolder(t);
  await configure(root, '\nmetrics_listen = "0.0.0.0:9177"\n');
  const { code, stderr } = await polyvisord("--root", root);
  t.is(code, 1);
  t.regex(stderr, /polyvisord\.conf:2: metrics_listen: must be "unix:\/path", or an address of this machine alone/);
});
