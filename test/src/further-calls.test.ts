import { runCommand } from "./harness/command.js";
import { binding, hypervisor, testWith } from "./harness/needs.js";
import { withPolyvisord } from "./harness/polyvisord.js";
import { clientProgram, PYTHON } from "./harness/project.js";

const PYTHON_BINDING = await binding(PYTHON);
const NEEDS = { test: [], qemu: await hypervisor() };

/** Calls that no other client here makes, and what comes of them. */
const EXPECTED = {
  test: {
    virConnectListDefinedDomains: /^True$/,
    virConnectListDomains: /^True$/,
    virDomainSnapshotListNames: /^\['one'\]$/,
    virNodeGetFreeMemory: /^True$/,
    virConnectGetSysinfo: /^True$/,
    virConnectListDefinedNetworks: /^\['further'\]$/,
    virNetworkGetDHCPLeases: /^\[\]$/,
    virNetworkPortLookupByUUID: /^True$/,
    virNetworkPortGetParameters: /^0$/,
    virNetworkPortDelete: /^0$/,
    virConnectListDefinedStoragePools: /^\['further'\]$/,
    virConnectListDefinedInterfaces: /^\['eth77'\]$/,
    virConnectGetDomainCapabilities: /^True$/,
    virNWFilterDefineXMLFlags: /^further$/,
    virConnectNumOfNWFilters: /^1$/,
    virConnectListAllNWFilters: /^True$/,
    virNWFilterLookupByUUID: /^further$/,
    virConnectListSecrets: /^True$/,
    virSecretGetXMLDesc: /^True$/,
    virSecretUndefine: /^0$/,
  },
  qemu: {
    virConnectListDefinedDomains: /^True$/,
    virConnectListDomains: /^True$/,
    virNodeGetFreeMemory: /^True$/,
    // Some machines tell nobody what they are.
    virConnectGetSysinfo: /^(True|error 67: unsupported configuration: Host SMBIOS information is not available)$/,
  },
};

for (const driver of ["test", "qemu"] as const) {
  testWith(`each of ${driver}'s remaining calls answers`, [PYTHON_BINDING, ...NEEDS[driver]], (t) =>
    withPolyvisord(async (daemon) => {
      const { code, stdout, stderr } = await runCommand(PYTHON, [
        clientProgram("further-calls.py"),
        daemon.uri(driver),
      ]);
      t.is(code, 0, stdout + stderr);
      const said = Object.fromEntries(
        stdout
          .trim()
          .split("\n")
          .map((line) => [line.split(": ")[0], line.slice(line.indexOf(": ") + 2)]),
      );
      t.deepEqual(Object.keys(said), Object.keys(EXPECTED[driver]));
      for (const [call, expected] of Object.entries(EXPECTED[driver])) t.regex(said[call] ?? "", expected, call);
    }),
  );
}
