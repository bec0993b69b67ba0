import type { Connection, DomainEvent } from "@polyvisor/core";
import { statusWords } from "@polyvisor/sdk/lifecycle";
import test from "ava";
import type { Exit } from "../host/host.js";
import { CONSOLE_DOCUMENT, guestDocument } from "../testing/documents.js";
import { MadeUpObjects } from "../testing/made-up-objects.js";
import { openRig, rigFolder } from "../testing/rig.js";

const UUID = "5f7d1f4e-0c9a-4a6b-9d43-00000000000a";
const NAME = "lighthouse";

const named = (document: string) => document.replaceAll("{name}", NAME).replace("{uuid}", UUID);

/** Resolves with the first event that is meant. */
async function heard(connection: Connection, isMeant: (event: DomainEvent) => boolean): Promise<() => Promise<void>> {
  const events = await connection.events();
  return async () => {
    for await (const event of events) if (isMeant(event)) return;
  };
}

const REBOOTED = (event: DomainEvent) => event.kind === "reboot";
/** `VIR_DOMAIN_EVENT_STOPPED` and `VIR_DOMAIN_EVENT_CRASHED`. */
const STOPPED = (event: DomainEvent) => event.kind === "lifecycle" && [5, 8].includes(event.event);

const status = (status: number): Exit => ({ kind: "status", status });

const ENDS: readonly { readonly exit: Exit; readonly onReboot?: string; readonly becomes: string }[] = [
  { exit: status(0), becomes: "running" },
  { exit: status(0), onReboot: "destroy", becomes: "shutoff, shutdown" },
  { exit: status(1), becomes: "shutoff, shutdown" },
  { exit: status(2), becomes: "shutoff, shutdown" },
  { exit: status(3), becomes: "shutoff, crashed" },
  { exit: status(4), becomes: "shutoff, crashed" },
  { exit: { kind: "signal" }, becomes: "shutoff, crashed" },
  { exit: { kind: "unseen" }, becomes: "shutoff, crashed" },
];

for (const { exit, onReboot = "restart", becomes } of ENDS) {
  const what = exit.kind === "status" ? `status ${exit.status}` : exit.kind;
  test(`a guest whose bhyve ends with ${what}, on_reboot ${onReboot}: ${becomes}`, async (t) => {
    const { host, connection } = await openRig(await rigFolder(t));
    const domain = await connection.define(named(guestDocument("", `<on_reboot>${onReboot}</on_reboot>`)));
    await domain.create();
    const before = await connection.domain(NAME);
    const told = await heard(connection, becomes === "running" ? REBOOTED : STOPPED);
    await host.exit(NAME, exit);
    await told();
    const { state, reason } = statusWords(await domain.state());
    if (becomes === "running") {
      t.is(state, "running");
      t.not((await connection.domain(NAME)).id, before.id);
      t.deepEqual(await host.leftovers(), ["taps/vnet0", `machines/${NAME}`, `processes/${NAME}`]);
      await domain.destroy();
    } else t.is(`${state}, ${reason}`, becomes);
    t.deepEqual(await host.leftovers(), []);
  });
}

test("a guest that is asked to reboot starts anew once it is off", async (t) => {
  const { host, connection } = await openRig(await rigFolder(t));
  const domain = await connection.createXML(named(guestDocument()));
  const told = await heard(connection, REBOOTED);
  await domain.reboot();
  await told();
  t.is(statusWords(await domain.state()).state, "running");
  // The next time it is to go off.
  const off = await heard(connection, STOPPED);
  await domain.shutdown();
  await off();
  t.deepEqual(await host.leftovers(), []);
});

test("a guest that does not heed its power button is ended all the same", async (t) => {
  const { host, connection } = await openRig(await rigFolder(t));
  host.powerButton = undefined;
  const domain = await connection.createXML(named(guestDocument()));
  await domain.shutdown();
  t.is(statusWords(await domain.state()).state, "running");
  await domain.destroy();
  t.deepEqual(await host.leftovers(), []);
});

for (const step of ["connectTap", "load", "start"] as const) {
  test(`where ${step} fails nothing is left of a start, and the next one succeeds`, async (t) => {
    const { host, connection } = await openRig(await rigFolder(t));
    const domain = await connection.define(named(guestDocument()));
    host.broken.add(step);
    await t.throwsAsync(domain.create(), { message: new RegExp(`${step} fails`) });
    t.is(statusWords(await domain.state()).state, "shutoff");
    t.deepEqual(await host.leftovers(), []);
    host.broken.clear();
    await domain.create();
    await domain.destroy();
    t.deepEqual(await host.leftovers(), []);
  });
}

test("what this bhyve cannot do is refused before the host is touched", async (t) => {
  const { host, connection } = await openRig(await rigFolder(t));
  const card = "<interface type='bridge'><source bridge='bridge0'/><model type='rtl8139'/></interface>";
  const domain = await connection.define(named(guestDocument(card)));
  await t.throwsAsync(domain.create(), { code: "CONFIG_UNSUPPORTED", message: /NIC model is not supported/ });
  t.deepEqual(await host.commands(), []);
});

test("a later daemon finds a guest with all that it has, and takes it away", async (t) => {
  const folder = await rigFolder(t);
  const first = await openRig(folder);
  const domain = await first.connection.createXML(named(CONSOLE_DOCUMENT));
  const second = await openRig(folder);
  const again = await second.connection.domain(NAME);
  t.is(again.id, domain.id);
  t.is(await again.getXMLDesc(), await domain.getXMLDesc());
  t.regex(await again.getXMLDesc(), /<target dev='vnet0'\/>/);
  await again.destroy();
  t.deepEqual(await second.host.leftovers(), []);
});

test("what a guest had is taken away by the next daemon where it ended without one", async (t) => {
  const folder = await rigFolder(t);
  const first = await openRig(folder);
  await first.connection.define(named(guestDocument()));
  await (await first.connection.domain(NAME)).create();
  // Nobody hears of it here any more.
  first.host.broken.add("removeMachine");
  await first.host.exit(NAME, status(1));
  const second = await openRig(folder);
  t.is(statusWords(await (await second.connection.domain(NAME)).state()).state, "shutoff");
  t.deepEqual(await second.host.leftovers(), []);
});

const SCREEN = guestDocument("<graphics type='vnc' port='-1' autoport='yes' listen='127.0.0.1'/>").replace(
  "<os>",
  "<os firmware='efi'>",
);

test("a screen has a port of its own, and firmware needs no loader", async (t) => {
  const { host, connection } = await openRig(await rigFolder(t));
  const domain = await connection.createXML(named(SCREEN));
  const [, port] = /<graphics type='vnc' port='(\d+)'/.exec(await domain.getXMLDesc()) ?? [];
  t.true(Number(port) >= 5900);
  const [connect, bhyve, none] = await host.commands();
  t.is(connect, "connect tap0 as vnet0 to bridge0");
  t.true(bhyve?.startsWith("/usr/sbin/bhyve -c 1 -m 64 "), bhyve);
  t.true(
    bhyve?.includes(`-l bootrom,/firmware/BHYVE_UEFI.fd `) && bhyve.includes(`fbuf,tcp=127.0.0.1:${port} `),
    bhyve,
  );
  t.is(none, undefined);
  await domain.destroy();
});

test("grub-bhyve finds the map of the disks while it runs", async (t) => {
  const { host, connection } = await openRig(await rigFolder(t));
  const grub = guestDocument("", "<bootloader>/usr/local/sbin/grub-bhyve</bootloader>");
  const domain = await connection.createXML(named(grub));
  t.deepEqual(host.deviceMaps, [`(hd0) /guests/${NAME}.img\n`]);
  await domain.destroy();
});

test("the console is the other end of the first serial port", async (t) => {
  const { host, connection } = await openRig(await rigFolder(t));
  const domain = await connection.createXML(named(CONSOLE_DOCUMENT));
  const console = await domain.openConsole();
  t.true((await host.commands()).includes(`open /dev/nmdm${UUID}B`));
  console.destroy();
  await t.throwsAsync(domain.openConsole("parallel0"), { code: "INVALID_ARG" });
  await domain.destroy();
});

const ON_NETWORK = guestDocument(
  "<interface type='network'><mac address='52:54:00:c0:de:03'/><source network='default'/><model type='e1000'/></interface>" +
    "<disk type='volume'><source pool='guests' volume='data'/><target dev='vdb' bus='virtio'/></disk>",
);

test("a card on a network gets its port there, a volume its path, and the port is given back", async (t) => {
  const folder = await rigFolder(t);
  const objects = new MadeUpObjects();
  const { host, connection } = await openRig(folder, objects.services);
  await connection.createXML(named(ON_NETWORK));
  t.true((await host.commands()).includes("connect tap1 as vnet1 to virbr0"));
  t.regex(
    (await host.commands()).at(-1) ?? "",
    /virtio-blk,\/pools\/guests\/data .*e1000,tap1|e1000,tap1.*\/pools\/guests\/data/,
  );
  t.is(objects.ports.length, 1);
  // A later daemon knows the port as well.
  const second = await openRig(folder, objects.services);
  await (await second.connection.domain(NAME)).destroy();
  t.deepEqual(objects.ports, []);
  t.deepEqual(await second.host.leftovers(), []);
});

test("a port of a network is given back where the start fails", async (t) => {
  const objects = new MadeUpObjects();
  const { host, connection } = await openRig(await rigFolder(t), objects.services);
  host.broken.add("load");
  await t.throwsAsync(connection.createXML(named(ON_NETWORK)), { message: /load fails/ });
  t.deepEqual(objects.ports, []);
  t.deepEqual(await host.leftovers(), []);
});

test("without anybody who knows networks such a card is refused", async (t) => {
  const { host, connection } = await openRig(await rigFolder(t));
  const card = "<interface type='network'><source network='default'/><model type='virtio'/></interface>";
  await t.throwsAsync(connection.createXML(named(guestDocument(card))), { message: /Network type 6 is not supported/ });
  t.deepEqual(await host.leftovers(), []);
});
