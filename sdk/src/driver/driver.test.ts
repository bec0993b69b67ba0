import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { HostInfo } from "@polyvisor/core";
import { DOMAIN_STATE, silentLog } from "@polyvisor/core";
import type { ExecutionContext } from "ava";
import test from "ava";
import {
  completeProfile,
  type HypervisorSubject,
  hypervisorKit,
  subjectOfDriver,
  TRAITS,
} from "../conformance/index.js";
import { registerKit } from "../conformance/kit/ava.js";
import { withinReason } from "../testkit/index.js";
import { type GuestBackend, GuestDriver, type ProcessGuest, ProcessGuests } from "./index.js";

/** Guests that sleep: real processes, which stand in for a hypervisor's. */
class Sleepers implements GuestBackend<ProcessGuest> {
  readonly scheme = "sleep";
  readonly type = "Sleep";
  readonly version = 1_000_000;
  readonly #guests: ProcessGuests;

  constructor({ paths }: HostInfo) {
    this.#guests = new ProcessGuests(paths, this.scheme);
  }

  start({ name }: { readonly name: string }, options: { readonly paused: boolean }): Promise<ProcessGuest> {
    return this.#guests.start(name, ["/bin/sleep", "1000"], options);
  }

  find(_config: object, token: unknown): ProcessGuest | undefined {
    return this.#guests.find(token);
  }

  shutdown(guest: ProcessGuest): void {
    guest.terminate();
  }

  suspend(guest: ProcessGuest): void {
    guest.signal("SIGSTOP");
  }

  resume(guest: ProcessGuest): void {
    guest.signal("SIGCONT");
  }

  cpuTime(guest: ProcessGuest): bigint {
    return guest.cpuTime;
  }
}

const DOCUMENT = `<domain type='test'>
  <name>{name}</name>
  <uuid>{uuid}</uuid>
  <memory unit='KiB'>1024</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64'>hvm</type></os>
</domain>`;

const folder = await mkdtemp(join(tmpdir(), "polyvisor-driver-"));

function infoOf(root: string): HostInfo {
  const paths = { config: "etc", lib: "lib", run: "run", log: "log", cache: "cache" };
  return {
    mode: "system",
    paths: Object.fromEntries(Object.entries(paths).map(([key, name]) => [key, join(root, name)])) as never,
  };
}

function driverIn(root: string): GuestDriver<ProcessGuest> {
  const info = infoOf(root);
  return new GuestDriver(new Sleepers(info), { info, log: silentLog });
}

function subjectIn(root: string): HypervisorSubject {
  const make = () => subjectOfDriver(driverIn(root), "sleep:///system");
  let subject = make();
  const restart = async () => {
    await subject.close();
    subject = make();
  };
  return { open: (options) => subject.open(options), restart, kill: restart, close: () => subject.close() };
}

const subject = subjectIn(join(folder, "kit"));
const profile = await completeProfile(subject, {
  fixtures: { domain: DOCUMENT },
  traits: [TRAITS.obeysShutdown, TRAITS.keepsDefinitions, TRAITS.keepsGuests],
});
registerKit(test, hypervisorKit, subject, { profile, close: () => subject.close() });
test.after.always(() => rm(folder, { recursive: true, force: true }));

async function oneGuest(t: ExecutionContext, root: string) {
  const first = subjectIn(root);
  const connection = await first.open();
  const xml = DOCUMENT.replace("{name}", "one").replace("{uuid}", "5f7d1f4e-0c9a-4a6b-9d43-111111111111");
  const domain = await connection.define(xml);
  await domain.create();
  t.teardown(async () => {
    const last = await connection.domain("one").catch(() => undefined);
    await last?.destroy().catch(() => {});
  });
  return { first, connection, domain };
}

test.serial("definition, status and log of a guest are files in libvirt's layout", async (t) => {
  const root = join(folder, "files");
  const { domain, connection } = await oneGuest(t, root);
  await connection.api.domainSetAutostart({ dom: domain, autostart: true });
  t.deepEqual((await readdir(join(root, "etc/sleep"), { recursive: true })).sort(), [
    "autostart",
    "autostart/one.xml",
    "one.xml",
  ]);
  const status = JSON.parse(await readFile(join(root, "run/sleep/one.json"), "utf8")) as { token: { pid: number } };
  t.true(status.token.pid > 1);
  await domain.destroy();
  await domain.undefine();
  t.deepEqual(await readdir(join(root, "etc/sleep")), ["autostart"]);
  t.deepEqual(await readdir(join(root, "run/sleep")), ["autostarted"]);
});

test.serial("what a killed daemon was just writing is removed by the next one", async (t) => {
  const root = join(folder, "half");
  const half = ["etc/sleep/one.xml.1.0.new", "etc/sleep/autostart/one.xml.1.1.old", "run/sleep/one.json.1.2.new"];
  for (const file of half) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), "<doma");
  }
  const { domain, connection } = await oneGuest(t, root);
  await connection.api.domainSetAutostart({ dom: domain, autostart: true });
  t.deepEqual(await readdir(join(root, "etc/sleep")), ["autostart", "one.xml"]);
  t.deepEqual(await readdir(join(root, "etc/sleep/autostart")), ["one.xml"]);
  t.deepEqual((await readdir(join(root, "run/sleep"))).sort(), ["autostarted", "one.json"]);
});

const OFF = { state: DOMAIN_STATE.SHUTOFF };

test.serial("what a later version has written into a status file is kept", async (t) => {
  const root = join(folder, "later");
  const { connection, domain } = await oneGuest(t, root);
  const path = join(root, "run/sleep/one.json");
  await writeFile(path, (await readFile(path, "utf8")).replace('"version": 1', '"version": 2, "newer": "thing"'));
  const second = subjectIn(root);
  const again = await second.open();
  await (await again.domain("one")).suspend();
  t.regex(await readFile(path, "utf8"), /"newer": "thing"/);
  await (await again.domain("one")).destroy();
  // The first one sees that the guest's process has ended; a transient domain is gone then.
  await withinReason("the guest is off", async () => (await domain.state().catch(() => OFF)).state === OFF.state);
  await connection.close();
  t.pass();
});
