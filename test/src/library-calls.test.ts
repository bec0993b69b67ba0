import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { recordLibraryCall } from "./harness/answers.js";
import { runCommand } from "./harness/command.js";
import { idleXml } from "./harness/guest-xml.js";
import { binding, hypervisor, testWith } from "./harness/needs.js";
import type { Driver } from "./harness/peer.js";
import { Polyvisord, withPolyvisord } from "./harness/polyvisord.js";
import { clientProgram, PYTHON } from "./harness/project.js";
import { UUID } from "./harness/virsh-script.js";
import { withFiles } from "./harness/with-peer.js";

const NEEDS = { test: [], qemu: await hypervisor() };
const PYTHON_BINDING = await binding(PYTHON);

/** What has events besides domains, and what registering and no longer hearing of them says. */
const OBJECTS = { test: ["network", "storagePool", "nodeDevice", "secret"], qemu: [] };
const EVENTS = {
  test: {
    virConnectNetworkEventRegisterAny: "True",
    virConnectNetworkEventDeregisterAny: "None",
    virConnectStoragePoolEventRegisterAny: "True",
    virConnectStoragePoolEventDeregisterAny: "None",
    virConnectNodeDeviceEventRegisterAny: "True",
    virConnectNodeDeviceEventDeregisterAny: "None",
    virConnectSecretEventRegisterAny: "True",
    virConnectSecretEventDeregisterAny: "None",
  },
  qemu: {
    virConnectDomainQemuMonitorEventRegister: "True",
    virConnectDomainQemuMonitorEventDeregister: "None",
  },
};

/** What comes of each call. Read-only access does not create domains: that is error 29. */
const EXPECTED = {
  virConnectOpenReadOnly: "29",
  virConnectOpenAuth: "True",
  virConnectIsAlive: "1",
  virConnectIsEncrypted: "0",
  virConnectSetKeepAlive: "0",
  virConnectIsSecure: "1",
  virConnectGetLibVersion: "True",
  virConnectSetIdentity: "0",
  virConnectRegisterCloseCallback: "0",
  virConnectUnregisterCloseCallback: "None",
  virDomainCreateLinux: "True",
  virConnectDomainEventRegister: "True",
  virConnectDomainEventDeregister: "None",
  virConnectDomainEventRegisterAny: "True",
  virConnectDomainEventDeregisterAny: "None",
};

/** Those of them that the daemon does not hear of by that name. */
const OF_THE_LIBRARY = [
  "virConnectOpenReadOnly",
  "virConnectOpenAuth",
  "virConnectIsAlive",
  "virConnectIsEncrypted",
  "virConnectSetKeepAlive",
  "virDomainCreateLinux",
  "virConnectDomainEventRegister",
  "virConnectDomainEventDeregister",
];

/** A daemon, and another one in front of it that leads there. Gives a client's URI for the way through both. */
async function withFront(driver: Driver, body: (uri: string) => Promise<void>): Promise<void> {
  await withPolyvisord(async (behind) => {
    const uri = behind.uri(driver);
    const front = new Polyvisord(await mkdtemp(join(tmpdir(), "polyvisord-")));
    try {
      await mkdir(join(front.root, "etc/libvirt"), { recursive: true });
      await writeFile(join(front.root, "etc/libvirt/polyvisord.conf"), `remote_uris = [ "${uri}" ]\n`);
      await front.start();
      await body(`remote+unix:///?socket=${front.socket}&name=${encodeURIComponent(uri)}`);
    } finally {
      await front.dispose();
    }
  });
}

async function callsOfTheLibrary(t: ExecutionContext, driver: Driver, uri: string, plugin: string): Promise<void> {
  await withFiles({ xml: idleXml("guest", driver, UUID) }, async ({ xml }) => {
    const args = [clientProgram("library-calls.py"), uri, xml, ...OBJECTS[driver]];
    const { code, stdout, stderr } = await runCommand(PYTHON, args, { timeout: 120_000 });
    t.is(code, 0, stdout + stderr);
    const lines = stdout.trim().split("\n");
    const said = Object.fromEntries(lines.map((line) => line.split(": ")));
    t.deepEqual(said, { ...EXPECTED, ...EVENTS[driver] });
  });
  for (const call of OF_THE_LIBRARY) recordLibraryCall(plugin, call);
}

for (const driver of ["test", "qemu"] as const) {
  const needs = [PYTHON_BINDING, ...NEEDS[driver]];
  testWith(`what libvirt's library does with a connection works with ${driver}`, needs, (t) =>
    withPolyvisord((daemon) => callsOfTheLibrary(t, driver, daemon.uri(driver), driver)),
  );
  testWith(`what libvirt's library does with a connection works with ${driver} behind another daemon`, needs, (t) =>
    withFront(driver, (uri) => callsOfTheLibrary(t, driver, uri, "remote")),
  );
}
