import { type HypervisorClient, LIST_NODE_DEVICES_FLAG as LIST, NODE_DEVICE_EVENT, VirtError } from "@polyvisor/core";
import { child, parseXml, textOf } from "../../../xml/index.js";
import type { HypervisorSubject } from "../../hypervisor/index.js";
import type { Case } from "../../kit/index.js";
import { listen } from "./listen.js";
import { answerOf, connect } from "./made.js";

/** How many devices of a host a case looks at one by one. */
const SOME = 50;

/** A device's capability, the flag of a list that asks for it. */
const CAPABILITIES = [
  ["system", LIST.CAP_SYSTEM],
  ["pci", LIST.CAP_PCI_DEV],
  ["usb_device", LIST.CAP_USB_DEV],
  ["net", LIST.CAP_NET],
  ["scsi_host", LIST.CAP_SCSI_HOST],
  ["storage", LIST.CAP_STORAGE],
] as const;

/** The fixture with a document of a device that can be made and ended again. */
const MADE = "nodeDevice";

/** The host's devices. */
export const nodeDeviceCases: readonly Case<HypervisorSubject>[] = [
  {
    name: "device: what lists have is found by its name, and is what its document says",
    group: "lists",
    needs: ["connectListAllNodeDevices", "nodeDeviceLookupByName", "nodeDeviceGetXMLDesc"],
    async run(subject, check) {
      const { api } = await connect(subject, check);
      const all = await api.connectListAllNodeDevices({ flags: 0 });
      check.ok(all.length > 0, "a host without any device");
      check.equal(new Set(all.map(({ name }) => name)).size, all.length, "how many names there are");
      for (const { name } of all.slice(0, SOME)) {
        check.equal(await api.nodeDeviceLookupByName({ name }), { name }, `${name} by its name`);
        const root = parseXml(await api.nodeDeviceGetXMLDesc({ name, flags: 0 }));
        check.equal(root.name, "device", `the document of ${name}`);
        check.equal(textOf(child(root, "name") ?? root).trim(), name, "the name in the document");
      }
      const gone = api.nodeDeviceLookupByName({ name: check.newName() });
      await check.refused(gone, "NO_NODE_DEVICE", "one that is not there");
    },
  },
  {
    name: "device: each list by capability has those that have it",
    group: "lists",
    needs: ["connectListAllNodeDevices", "nodeDeviceListCaps"],
    async run(subject, check) {
      const { api } = await connect(subject, check);
      const all = await api.connectListAllNodeDevices({ flags: 0 });
      const caps = new Map<string, readonly string[]>();
      for (const { name } of all) caps.set(name, await api.nodeDeviceListCaps({ name }));
      for (const [capability, flags] of CAPABILITIES) {
        const names = (await api.connectListAllNodeDevices({ flags })).map(({ name }) => name).sort();
        const wanted = all.filter(({ name }) => caps.get(name)?.includes(capability)).map(({ name }) => name);
        check.equal(names, wanted.sort(), `the devices with ${capability}`);
      }
    },
  },
  {
    name: "device: the chain of parents ends at the computer",
    group: "tree",
    needs: ["connectListAllNodeDevices", "nodeDeviceGetParent"],
    async run(subject, check) {
      const { api } = await connect(subject, check);
      const all = await api.connectListAllNodeDevices({ flags: 0 });
      const names = new Set(all.map(({ name }) => name));
      for (const { name } of all.slice(0, SOME)) {
        const seen = new Set<string>();
        for (let at: string | null = name; at !== null; at = await parentOf(api, at)) {
          check.ok(names.has(at), `${at}, which is above ${name}, is no device`);
          check.ok(!seen.has(at), `${at} is above itself`);
          seen.add(at);
        }
      }
    },
  },
  {
    name: "device: numbers are those of the lists",
    group: "lists",
    needs: ["nodeNumOfDevices", "nodeListDevices", "nodeDeviceNumOfCaps", "nodeDeviceListCaps"],
    async run(subject, check) {
      const { api } = await connect(subject, check);
      const names = await api.nodeListDevices({ cap: null, flags: 0 });
      check.equal(await api.nodeNumOfDevices({ cap: null, flags: 0 }), names.length, "how many devices there are");
      for (const name of names.slice(0, SOME)) {
        const caps = await api.nodeDeviceListCaps({ name });
        check.equal(await api.nodeDeviceNumOfCaps({ name }), caps.length, `how many capabilities ${name} has`);
      }
    },
  },
  {
    name: "device: is made, told of, and ended",
    group: "lifecycle",
    needs: [MADE, "nodeDeviceCreateXML", "nodeDeviceDestroy", "connectNodeDeviceEventRegisterAny"],
    async run(subject, check) {
      const { api } = await connect(subject, check);
      const heard = await listen(await connect(subject, check), check, ["nodeDeviceLifecycle"]);
      const { name } = await api.nodeDeviceCreateXML({ xmlDesc: check.fixture(MADE), flags: 0 });
      check.cleanup(() => api.nodeDeviceDestroy({ name }));
      const told = () =>
        heard.events
          .filter((event) => "name" in event.object && event.object.name === name)
          .map((event) => ("event" in event ? event.event : undefined));
      await check.eventually("the device is told of", () => told().includes(NODE_DEVICE_EVENT.CREATED));
      check.equal(await api.nodeDeviceLookupByName({ name }), { name }, "the device");
      await api.nodeDeviceDestroy({ name });
      await check.eventually("its end is told", () => told().includes(NODE_DEVICE_EVENT.DELETED));
      await check.refused(api.nodeDeviceLookupByName({ name }), "NO_NODE_DEVICE", "the lookup of one that is gone");
    },
  },
  {
    name: "device: what nobody knows is refused",
    group: "bad input",
    needs: ["connectListAllNodeDevices"],
    async run(subject, check) {
      const { api } = await connect(subject, check);
      const name = check.newName();
      const asks = {
        nodeDeviceGetXMLDesc: () => api.nodeDeviceGetXMLDesc({ name, flags: 0 }),
        nodeDeviceGetParent: () => api.nodeDeviceGetParent({ name }),
        nodeDeviceNumOfCaps: () => api.nodeDeviceNumOfCaps({ name }),
        nodeDeviceListCaps: () => api.nodeDeviceListCaps({ name }),
        nodeDeviceDestroy: () => api.nodeDeviceDestroy({ name }),
      };
      for (const [call, ask] of Object.entries(asks))
        await check.refused(ask(), answerOf(check, call, "NO_NODE_DEVICE"), call);
      const before = await api.connectListAllNodeDevices({ flags: 0 });
      if (check.claims("nodeDeviceCreateXML"))
        for (const xmlDesc of ["", "<", "<device>", "<domain/>"])
          await check.refused(api.nodeDeviceCreateXML({ xmlDesc, flags: 0 }), undefined, JSON.stringify(xmlDesc));
      check.equal(await api.connectListAllNodeDevices({ flags: 0 }), before, "the devices after that");
    },
  },
  {
    name: "device: a client that came to look changes nothing",
    group: "read-only",
    needs: ["connectListAllNodeDevices"],
    async run(subject, check) {
      const { api } = await connect(subject, check, { readOnly: true });
      const [first] = await api.connectListAllNodeDevices({ flags: 0 });
      const { name } = check.present(first, "a device of the host");
      const changes = {
        nodeDeviceCreateXML: () => api.nodeDeviceCreateXML({ xmlDesc: "<device/>", flags: 0 }),
        nodeDeviceDestroy: () => api.nodeDeviceDestroy({ name }),
        nodeDeviceDettach: () => api.nodeDeviceDettach({ name }),
        nodeDeviceReset: () => api.nodeDeviceReset({ name }),
      };
      for (const [call, change] of Object.entries(changes))
        await check.refused(change(), answerOf(check, call, "OPERATION_DENIED"), call);
    },
  },
];

/** The computer itself has none: some drivers say so with nothing, some with an error. */
async function parentOf(api: HypervisorClient, name: string): Promise<string | null> {
  try {
    return await api.nodeDeviceGetParent({ name });
  } catch (error) {
    if (error instanceof VirtError && error.code === "INTERNAL_ERROR") return null;
    throw error;
  }
}
