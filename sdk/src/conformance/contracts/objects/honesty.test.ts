import { fileURLToPath } from "node:url";
import { createHost, type HypervisorCallName, VirtError } from "@polyvisor/core";
import test from "ava";
import { subjectOfHost } from "../../hypervisor/index.js";
import { completeProfile } from "../../hypervisor/profile.js";
import { runCase } from "../../kit/index.js";
import { type Breakage, broken } from "./broken.js";
import { OBJECT_KITS } from "./index.js";

const PLUGIN = fileURLToPath(new URL("../../../../../plugins/test", import.meta.url));

interface Fault {
  readonly fault: string;
  /** The case that must fail with it, and passes without. */
  readonly caughtBy: string;
  readonly breakage: Breakage;
}

const answers =
  (call: HypervisorCallName, answer: (real: () => Promise<unknown>) => unknown): Breakage =>
  (api) => {
    const real = api[call] as (args: unknown) => Promise<unknown>;
    return { [call]: async (args: unknown) => answer(() => real(args)) };
  };
const lacks = (call: HypervisorCallName) =>
  answers(call, () => {
    throw new VirtError("NO_SUPPORT", call);
  });
const first = async (real: () => Promise<unknown>) => ((await real()) as unknown[]).slice(0, 1);

/** At least two for each kit. */
const FAULTS: Readonly<Record<string, readonly Fault[]>> = {
  network: [
    {
      fault: "goes on once it was stopped",
      caughtBy: "network: is defined, started, stopped and forgotten",
      breakage: answers("networkDestroy", () => undefined),
    },
    {
      fault: "is started a second time",
      caughtBy: "network: starting and stopping, ten times over",
      breakage: answers("networkCreate", (real) => real().catch(() => undefined)),
    },
    {
      fault: "is told of under a name that is not its own",
      caughtBy: "network: a name belongs to one UUID",
      breakage: (api) => ({
        networkLookupByName: async (args) => ({ ...(await api.networkLookupByName(args)), uuid: "0".repeat(36) }),
      }),
    },
    {
      fault: "a document that is refused costs the definition",
      caughtBy: "network: a document that is refused costs nothing",
      breakage: (api) => ({
        networkDefineXML: async (args) => {
          try {
            return await api.networkDefineXML(args);
          } catch (error) {
            for (const net of await api.connectListAllNetworks({ flags: 0 }))
              if (net.name.startsWith("conformance")) await api.networkUndefine({ net });
            throw error;
          }
        },
      }),
    },
    {
      fault: "a list leaves out what runs",
      caughtBy: "network: lists have what they are asked for, and all of it",
      breakage: (api) => ({ connectListAllNetworks: () => api.connectListAllNetworks({ flags: 1 }) }),
    },
  ],
  storage: [
    {
      fault: "a transient pool stays",
      caughtBy: "pool: one that was only created is gone with its end",
      breakage: (api) => ({
        storagePoolCreateXML: async ({ xml, flags }) => {
          const pool = await api.storagePoolDefineXML({ xml, flags });
          await api.storagePoolCreate({ pool, flags: 0 });
          return pool;
        },
      }),
    },
    {
      fault: "a list of volumes has one of them",
      caughtBy: "volume: the lists of a pool have each of them",
      breakage: answers("storagePoolListAllVolumes", first),
    },
    {
      fault: "a volume is smaller than it was asked for",
      caughtBy: "volume: is as large as it was asked for, and the pool knows of it",
      breakage: (api) => ({
        storageVolGetInfo: async (args) => ({ ...(await api.storageVolGetInfo(args)), capacity: 1n }),
      }),
    },
    {
      fault: "a volume that was deleted is there still",
      caughtBy: "volume: is made, found by name, key and path, and deleted",
      breakage: answers("storageVolDelete", () => undefined),
    },
  ],
  nodedev: [
    {
      fault: "a list has devices that nobody can look up",
      caughtBy: "device: what lists have is found by its name, and is what its document says",
      breakage: (api) => ({
        connectListAllNodeDevices: async (args) => [
          ...(await api.connectListAllNodeDevices(args)),
          { name: "pci_that_is_not_there" },
        ],
      }),
    },
    {
      fault: "a device is above itself",
      caughtBy: "device: the chain of parents ends at the computer",
      breakage: () => ({ nodeDeviceGetParent: async ({ name }) => name }),
    },
    {
      fault: "a list takes no notice of what it is asked for",
      caughtBy: "device: each list by capability has those that have it",
      breakage: (api) => ({ connectListAllNodeDevices: () => api.connectListAllNodeDevices({ flags: 0 }) }),
    },
  ],
  interface: [
    {
      fault: "a change that is taken back stays",
      caughtBy: "interface: a change is taken back as a whole, or stays as a whole",
      breakage: (api) => ({ interfaceChangeRollback: (args) => api.interfaceChangeCommit(args) }),
    },
    {
      fault: "is in the list of those that it is not one of",
      caughtBy: "interface: each is in the list of its state, and in one alone",
      breakage: (api) => ({ connectListAllInterfaces: () => api.connectListAllInterfaces({ flags: 0 }) }),
    },
    {
      fault: "is stopped a second time",
      caughtBy: "interface: is defined, started, stopped and forgotten",
      breakage: answers("interfaceDestroy", (real) => real().catch(() => undefined)),
    },
  ],
  nwfilter: [
    {
      fault: "a filter in use is forgotten",
      caughtBy: "filter: a binding is made, found and taken away, and its filter stays as long",
      breakage: answers("nwFilterUndefine", (real) => real().catch(() => undefined)),
    },
    {
      fault: "a list has one filter",
      caughtBy: "filter: lists have each of them",
      breakage: answers("connectListNWFilters", first),
    },
    {
      fault: "a call that is claimed is not there",
      caughtBy: "filter: is defined, found by name and UUID, and forgotten",
      breakage: lacks("nwFilterLookupByUUID"),
    },
  ],
  secret: [
    {
      fault: "tells what is private",
      caughtBy: "secret: nobody is told what is private",
      breakage: (api, state) => ({
        secretSetValue: async (args) => {
          state.set(args.secret.uuid, args.value);
          await api.secretSetValue(args);
        },
        secretGetValue: async ({ secret }) => state.get(secret.uuid) as Buffer,
      }),
    },
    {
      fault: "takes a value for text",
      caughtBy: "secret: a value comes back as it was, byte for byte",
      breakage: (api) => ({
        secretSetValue: ({ value, ...rest }) =>
          api.secretSetValue({ ...rest, value: Buffer.from(Buffer.from(value).toString("utf8")) }),
      }),
    },
    {
      fault: "two secrets have one usage",
      caughtBy: "secret: one usage has one secret",
      breakage: answers("secretDefineXML", (real) => real().catch(() => ({}))),
    },
  ],
};

const subject = subjectOfHost(await createHost({ plugins: [PLUGIN] }), "test:///default");
const profile = await completeProfile(subject);
test.after.always(() => subject.close());

for (const kit of OBJECT_KITS) {
  for (const { fault, caughtBy, breakage } of FAULTS[kit.name] ?? []) {
    test.serial(`the kit of ${kit.name} catches: ${fault}`, async (t) => {
      const one = kit.cases.find(({ name }) => name === caughtBy);
      if (one === undefined) return t.fail(`there is no case "${caughtBy}"`);
      t.is((await runCase(one, subject, { profile })).outcome, "passed");
      // Nothing that a broken one leaves behind is there for the next.
      const fresh = subjectOfHost(await createHost({ plugins: [PLUGIN] }), "test:///default");
      const result = await runCase(one, broken(fresh, breakage), { profile });
      await fresh.close();
      t.is(result.outcome, "failed", result.says);
    });
  }
}

test("each kit is tried on at least two that are broken", (t) => {
  for (const { name } of OBJECT_KITS) t.true((FAULTS[name] ?? []).length >= 2, name);
});
