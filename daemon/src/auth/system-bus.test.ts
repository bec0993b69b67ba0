import { rm } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { startBus } from "../testing/bus.js";
import { hasProgram, rootFolder, runProgram } from "../testing/process.js";
import { SystemBus, socketOf } from "./system-bus.js";

const hasBus = (await hasProgram("dbus-daemon")) && (await hasProgram("dbus-send"));

const ADDRESSES: readonly (readonly [address: string, path: string])[] = [
  ["unix:path=/run/dbus/system_bus_socket", "/run/dbus/system_bus_socket"],
  ["unix:path=/run/a%20b,guid=0123", "/run/a b"],
  ["tcp:host=localhost,port=1;unix:abstract=/tmp/x", "\0/tmp/x"],
];

test("the address of the bus is read as D-Bus writes it", (t) => {
  for (const [address, path] of ADDRESSES) t.is(socketOf(address), path);
  t.throws(() => socketOf("tcp:host=localhost,port=1"), { message: /no unix socket in the address/ });
});

const testOnBus = hasBus ? test.serial : test.serial.skip;

async function onBus(t: ExecutionContext) {
  const folder = await rootFolder(t);
  const bus = await startBus(folder);
  process.env.DBUS_SYSTEM_BUS_ADDRESS = bus.address;
  t.teardown(() => bus.stop());
  return { folder, bus, system: new SystemBus() };
}

const BUS = { destination: "org.freedesktop.DBus", path: "/org/freedesktop/DBus", interface: "org.freedesktop.DBus" };

/** Connections to the bus; each has a name such as `:1.0`. */
async function connections(system: SystemBus): Promise<readonly string[]> {
  const names = (await system.call({ ...BUS, member: "ListNames", signature: "", body: [] })) as readonly string[];
  return names.filter((name) => name.startsWith(":")).sort();
}

testOnBus("calls at one time share one connection, and each gets its own answer (needs dbus-daemon)", async (t) => {
  const { system } = await onBus(t);
  const asked = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? "org.freedesktop.DBus" : `no.such.name${i}`));
  const call = (name: string) =>
    system.call({ ...BUS, member: "NameHasOwner", signature: "s", body: [name] }) as Promise<boolean>;
  t.deepEqual(
    await Promise.all(asked.map(call)),
    asked.map((_, i) => i % 2 === 0),
  );
  t.is((await connections(system)).length, 1);
  await t.throwsAsync(system.call({ ...BUS, member: "Nonsense", signature: "", body: [] }), {
    message: /UnknownMethod/,
  });
});

testOnBus("what others send over the bus is not listened to, however large it is (needs dbus-daemon)", async (t) => {
  const { bus, system } = await onBus(t);
  const [own = ""] = await connections(system);
  const large = Array.from({ length: 20 }, () => `string:${"x".repeat(50_000)}`);
  const signal = [`--bus=${bus.address}`, `--dest=${own}`, "--type=signal", "/", "some.one.Shouts", ...large];
  t.is((await runProgram("dbus-send", signal)).code, 0);
  t.true((await connections(system)).includes(own), "its connection is the same");
});

testOnBus(
  "a call fails when the bus goes away, and the first one after it is back works (needs dbus-daemon)",
  async (t) => {
    const { folder, bus, system } = await onBus(t);
    t.is((await connections(system)).length, 1);
    await bus.stop();
    await t.throwsAsync(connections(system), { message: /closed the connection|ENOENT|ECONNREFUSED|EPIPE|ECONNRESET/ });
    await rm(join(folder, "bus"), { force: true });
    await t.throwsAsync(connections(system), { message: /ENOENT/ });
    const again = await startBus(folder);
    t.teardown(() => again.stop());
    t.is((await connections(system)).length, 1);
  },
);
