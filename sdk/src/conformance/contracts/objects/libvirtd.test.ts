import { fileURLToPath } from "node:url";
import { createHost } from "@polyvisor/core";
import test from "ava";
import { hasLibvirtd, startLibvirtd } from "../../../testkit/index.js";
import { subjectOfHost, TRAITS } from "../../hypervisor/index.js";
import { registerKit } from "../../kit/index.js";
import { OBJECT_KITS } from "./index.js";
import { knownOfTestDrivers } from "./testing/known.js";

const PLUGIN = fileURLToPath(new URL("../../../../../plugins/remote", import.meta.url));

interface Row {
  /** The URI's scheme and path. */
  readonly driver: readonly [scheme: string, path: string];
  readonly kits: readonly string[];
  /** Calls of these kits that the driver lacks. */
  readonly lacks: readonly string[];
  /** Whether it deviates as test drivers do. */
  readonly known: boolean;
  readonly traits: readonly string[];
}

/** What it has defined is there after a restart. */
const KEEPS = [TRAITS.restarts, TRAITS.keepsDefinitions];

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
    known: true,
    traits: [],
  },
  { driver: ["qemu", "/session"], kits: ["storage", "secret"], lacks: [], known: false, traits: KEEPS },
];

if (await hasLibvirtd()) {
  const daemon = await startLibvirtd();
  const host = await createHost({ plugins: [PLUGIN] });
  const published = new Map(
    await Promise.all(OBJECT_KITS.map(async ({ name }) => [name, await knownOfTestDrivers(name)] as const)),
  );
  test.after.always(async () => {
    await host.close();
    await daemon.stop();
  });
  for (const { driver, kits, lacks, known, traits } of ROWS) {
    const [scheme, path] = driver;
    const subject = {
      ...subjectOfHost(host, `${scheme}+unix://${path}?socket=${daemon.socket}`),
      restart: () => daemon.restart(),
    };
    for (const kit of OBJECT_KITS.filter(({ name }) => kits.includes(name))) {
      const calls = kit.calls.filter((call) => !lacks.includes(call));
      registerKit(test, kit, subject, {
        profile: { calls, fixtures: {}, traits },
        known: (known && published.get(kit.name)) || [],
        title: `libvirtd's ${scheme}: ${kit.name}`,
      });
    }
  }
} else {
  test.skip("libvirtd's own drivers pass the kits: no libvirtd is installed", () => {});
}
