import { fileURLToPath } from "node:url";
import { createHost } from "@polyvisor/core";
import test from "ava";
import { hasLibvirtd, startLibvirtd } from "../../../testkit/index.js";
import { subjectOfHost } from "../../hypervisor/index.js";
import { type Known, registerKit } from "../../kit/index.js";
import { OBJECT_KITS } from "./index.js";

const PLUGIN = fileURLToPath(new URL("../../../../../plugins/remote", import.meta.url));

interface Row {
  /** The URI's scheme and path. */
  readonly driver: readonly [scheme: string, path: string];
  readonly kits: readonly string[];
  /** Calls of these kits that the driver lacks. */
  readonly lacks: readonly string[];
  readonly known: readonly Known[];
}

/** What a daemon of nobody may do: the networks, filters and cards of a host are not for it. */
const ROWS: readonly Row[] = [
  {
    driver: ["test", "/default"],
    kits: ["network", "storage", "nodedev", "interface"],
    lacks: [
      "connectGetStoragePoolCapabilities",
      "networkGetDHCPLeases",
      "networkListAllPorts",
      "networkPortCreateXML",
      "networkPortDelete",
      "networkPortGetParameters",
      "networkPortGetXMLDesc",
      "networkPortLookupByUUID",
      "networkPortSetParameters",
      "nodeDeviceCreate",
      "nodeDeviceDefineXML",
      "nodeDeviceDetachFlags",
      "nodeDeviceDettach",
      "nodeDeviceGetAutostart",
      "nodeDeviceIsActive",
      "nodeDeviceIsPersistent",
      "nodeDeviceLookupSCSIHostByWWN",
      "nodeDeviceReAttach",
      "nodeDeviceReset",
      "nodeDeviceSetAutostart",
      "nodeDeviceUndefine",
      "storagePoolLookupByTargetPath",
      "storageVolDownload",
      "storageVolGetInfoFlags",
      "storageVolResize",
      "storageVolUpload",
      "storageVolWipe",
      "storageVolWipePattern",
    ],
    known: [
      {
        cases: ["network: one that is off is not stopped again"],
        because: "libvirt's test driver stops a network that is off, and calls that a success",
      },
      {
        cases: [
          "network: what a client says of the name changes nothing of which one is meant",
          "pool: what a client says of the name changes nothing of which one is meant",
        ],
        because: "libvirt's test driver finds networks and pools by their names alone where it changes them",
      },
    ],
  },
  { driver: ["qemu", "/session"], kits: ["storage", "secret"], lacks: [], known: [] },
];

if (await hasLibvirtd()) {
  const daemon = await startLibvirtd();
  const host = await createHost({ plugins: [PLUGIN] });
  test.after.always(async () => {
    await host.close();
    await daemon.stop();
  });
  for (const { driver, kits, lacks, known } of ROWS) {
    const [scheme, path] = driver;
    const subject = subjectOfHost(host, `${scheme}+unix://${path}?socket=${daemon.socket}`);
    for (const kit of OBJECT_KITS.filter(({ name }) => kits.includes(name))) {
      const calls = kit.calls.filter((call) => !lacks.includes(call));
      const here = known.filter(({ cases }) => kit.cases.some(({ name }) => cases.includes(name)));
      registerKit(test, kit, subject, {
        profile: { calls, fixtures: {}, traits: [] },
        known: here,
        title: `libvirtd's ${scheme}: ${kit.name}`,
      });
    }
  }
} else {
  test.skip("libvirtd's own drivers pass the kits: no libvirtd is installed", () => {});
}
