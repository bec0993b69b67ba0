import {
  type ConnectHandlers,
  type Domain,
  type DomainConfigHandlers,
  type DomainLifecycleHandlers,
  LIST_DOMAINS_FLAG,
  XML_FLAG,
} from "@polyvisor/core";
import { formatDomain } from "@polyvisor/sdk/conf/domain";
import { hostArch } from "@polyvisor/sdk/conf/host";
import { ALL_LIST_FILTERS, selectDomains } from "@polyvisor/sdk/store";
import { checkFlags } from "../errors.js";
import { readMachine } from "../machine/domain.js";
import { MachineInfo } from "../machine/info.js";
import { type Machine, type Machines, noDomain } from "../machine/machines.js";
import { FRONTEND, type Frontend } from "../machine/screens.js";
import { isSaved, stateOf } from "../machine/state.js";
import type { Media } from "../machine/storage.js";
import type { Block, VBoxManage } from "../manage/index.js";

const XML_FLAGS = XML_FLAG.SECURE | XML_FLAG.INACTIVE | XML_FLAG.UPDATE_CPU | XML_FLAG.MIGRATABLE;
/** The filters that can be told from the lists of machines alone. */
const PLAIN_FILTERS =
  LIST_DOMAINS_FLAG.ACTIVE |
  LIST_DOMAINS_FLAG.INACTIVE |
  LIST_DOMAINS_FLAG.PERSISTENT |
  LIST_DOMAINS_FLAG.TRANSIENT |
  LIST_DOMAINS_FLAG.AUTOSTART |
  LIST_DOMAINS_FLAG.NO_AUTOSTART;

/** Finding machines, and what can be said of one without changing it. */
export function queryHandlers(machines: Machines): ConnectHandlers & DomainLifecycleHandlers & DomainConfigHandlers {
  const active = async () => (await machines.all()).filter(({ isActive }) => isActive);
  const off = async () => (await machines.all()).filter(({ isActive }) => !isActive);
  const one = async (matches: (machine: Machine) => boolean, otherwise: string): Promise<Domain> => {
    const found = (await machines.all()).find(matches);
    if (found === undefined) throw noDomain(otherwise);
    return found.ref;
  };
  return {
    connectNumOfDomains: async () => (await active()).length,
    connectListDomains: async () => (await active()).map(({ ref }) => ref.id),
    connectNumOfDefinedDomains: async () => (await off()).length,
    connectListDefinedDomains: async () => (await off()).map(({ ref }) => ref.name),
    async connectListAllDomains({ flags }) {
      checkFlags(flags, ALL_LIST_FILTERS, "vboxConnectListAllDomains");
      return selectDomains(await described(machines, (flags & ~PLAIN_FILTERS) !== 0), flags).map(({ ref }) => ref);
    },

    domainLookupByName: ({ name }) => one(({ ref }) => ref.name === name, `no domain with matching name '${name}'`),
    domainLookupByUUID: ({ uuid }) => one(({ ref }) => ref.uuid === uuid, `no domain with matching uuid '${uuid}'`),
    domainLookupByID: ({ id }) => one(({ ref }) => ref.id === id, `no domain with matching id ${id}`),

    domainIsActive: async ({ dom }) => (await machines.find(dom)).isActive,
    async domainIsPersistent({ dom }) {
      await machines.find(dom);
      return true;
    },
    async domainIsUpdated({ dom }) {
      await machines.find(dom);
      return false;
    },
    async domainHasManagedSaveImage({ dom, flags }) {
      checkFlags(flags, 0, "vboxDomainHasManagedSaveImage");
      return isSaved(await machines.info(dom)) ? 1 : 0;
    },
    async domainGetState({ dom, flags }) {
      checkFlags(flags, 0, "vboxDomainGetState");
      return { state: stateOf(await machines.info(dom)), reason: 0 };
    },
    async domainGetInfo({ dom }) {
      const info = await machines.info(dom);
      const memory = info.number("memory", 0) * 1024;
      return { state: stateOf(info), maxMem: memory, memory, nrVirtCpu: info.number("cpus", 1), cpuTime: 0n };
    },
    async domainGetOSType({ dom }) {
      await machines.find(dom);
      return "hvm";
    },
    async domainGetXMLDesc({ dom, flags }) {
      checkFlags(flags, XML_FLAGS, "vboxDomainGetXMLDesc");
      const inactive = (flags & XML_FLAG.INACTIVE) !== 0;
      return formatDomain(await documentOf(machines, dom, inactive), {
        inactive,
        secure: (flags & XML_FLAG.SECURE) !== 0,
      });
    },
  };
}

/** A machine's configuration, with the id of one that runs. Fails with `NO_DOMAIN`. */
export async function documentOf(machines: Machines, dom: Domain, inactive = false) {
  const { manage } = machines;
  const [{ ref }, info, frontend] = await Promise.all([
    machines.find(dom),
    machines.info(dom),
    frontendOf(manage, dom.uuid),
  ]);
  const media = await mediaOf(manage, info);
  return readMachine(info, { media, frontend, arch: hostArch(), inactive }, ref.id === -1 ? undefined : ref.id);
}

/** Machines as the filters of lists look at them. */
async function described(machines: Machines, isWhole: boolean) {
  const all = await machines.all();
  const infos = isWhole ? await Promise.all(all.map(({ ref }) => machines.manage.info(ref.uuid))) : [];
  return all.map((machine, index) => {
    const info = new MachineInfo(infos[index] ?? new Map());
    return {
      ...machine,
      persistent: true,
      autostart: false,
      status: { state: stateOf(info) },
      hasManagedSave: isSaved(info),
      hasSnapshot: info.text("SnapshotUUID") !== undefined,
    };
  });
}

/** `getextradata M enumerate` prints lines of `Key: K, Value: V`. */
async function frontendOf(manage: VBoxManage, uuid: string): Promise<Frontend> {
  const answer = await manage.try("getextradata", uuid, "enumerate");
  const text = "complaint" in answer ? "" : answer.output;
  const data = new Map(
    [...text.matchAll(/^Key: (.*?), Value: (.*)$/gm)].map(([, key = "", value = ""]) => [key, value]),
  );
  return { type: data.get(FRONTEND.type) || undefined, display: data.get(FRONTEND.display) || undefined };
}

/** A machine without disks needs no list of media. */
async function mediaOf(manage: VBoxManage, info: MachineInfo): Promise<Media> {
  const hasMedia = [...info.matching(/-ImageUUID-\d+-\d+$/)].length > 0;
  const [disks, dvds, floppies] = hasMedia
    ? await Promise.all(["hdds", "dvds", "floppies"].map((kind) => manage.list(kind)))
    : [];
  const uuids = (list: readonly Block[] = []) => new Set(list.map((medium) => medium.get("UUID")?.toLowerCase() ?? ""));
  const isImmutable = (medium: Block) => /^(immutable|readonly)/.test(medium.get("Type") ?? "");
  return { dvds: uuids(dvds), floppies: uuids(floppies), readOnly: uuids(disks?.filter(isImmutable)) };
}
