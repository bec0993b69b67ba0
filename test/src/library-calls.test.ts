import { recordLibraryCall } from "./harness/answers.js";
import { runCommand } from "./harness/command.js";
import { idleXml } from "./harness/guest-xml.js";
import { binding, hypervisor, testWith } from "./harness/needs.js";
import { withPolyvisord } from "./harness/polyvisord.js";
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
  ...["virConnectOpenReadOnly", "virConnectOpenAuth", "virConnectIsAlive", "virConnectIsEncrypted"],
  ...["virDomainCreateLinux", "virConnectDomainEventRegister", "virConnectDomainEventDeregister"],
];

for (const driver of ["test", "qemu"] as const) {
  testWith(
    `what libvirt's library does with a connection works with ${driver}`,
    [PYTHON_BINDING, ...NEEDS[driver]],
    (t) =>
      withPolyvisord((daemon) =>
        withFiles({ xml: idleXml("guest", driver, UUID) }, async ({ xml }) => {
          const args = [clientProgram("library-calls.py"), daemon.uri(driver), xml, ...OBJECTS[driver]];
          const { code, stdout, stderr } = await runCommand(PYTHON, args, { timeout: 120_000 });
          t.is(code, 0, stdout + stderr);
          const said = stdout
            .trim()
            .split("\n")
            .map((line) => line.split(": "));
          t.deepEqual(Object.fromEntries(said), { ...EXPECTED, ...EVENTS[driver] });
          for (const call of OF_THE_LIBRARY) recordLibraryCall(driver, call);
        }),
      ),
  );
}
