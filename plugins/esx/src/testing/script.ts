import { buffer } from "node:stream/consumers";
import type {
  Connection,
  Domain,
  DomainSnapshot,
  Network,
  NetworkInterface,
  StoragePool,
  StorageVol,
} from "@polyvisor/core";
import type { Answer } from "./exchange.js";

type Api = Connection["api"];

/** Objects that earlier steps have found. */
interface Known {
  dom: Domain;
  made: Domain;
  snap: DomainSnapshot;
  pool: StoragePool;
  vol: StorageVol;
  copy: StorageVol;
  net: Network;
  iface: NetworkInterface;
  migration: string;
}

type Step = (api: Api, known: Known) => Promise<unknown>;
type Steps = readonly (readonly [call: string, step: Step])[];

const MACHINE = `<domain type='vmware'><name>made</name><uuid>11111111-2222-3333-4444-555555555555</uuid>
<memory unit='MiB'>256</memory><vcpu>1</vcpu><os><type arch='x86_64'>hvm</type></os>
<devices><disk type='file' device='disk'><source file='[LocalDS_0] made/made.vmdk'/><target dev='sda' bus='scsi'/></disk>
<controller type='scsi' index='0' model='lsilogic'/>
<interface type='bridge'><mac address='00:0c:29:11:22:33'/><source bridge='VM Network'/><model type='e1000'/></interface>
</devices></domain>`;
const VOLUME = (name: string) =>
  `<volume><name>made/${name}</name><capacity unit='MiB'>64</capacity><allocation>0</allocation><target><format type='vmdk'/></target></volume>`;
const SWITCH = `<network><name>made</name><forward mode='bridge'><interface dev='vmnic1'/></forward><portgroup name='group'/></network>`;
const SNAPSHOT = (name: string) =>
  `<domainsnapshot><name>${name}</name><description>of ${name}</description></domainsnapshot>`;

const AGENT = 1;
const MAXIMUM = 4;
const CURRENT = { flags: 0 };

/** Everything that the driver can do on a host, each call at least once. */
export const HOST_SCRIPT: Steps = [
  ["connectGetType", (api) => api.connectGetType({})],
  ["connectGetVersion", (api) => api.connectGetVersion({})],
  ["connectGetHostname", (api) => api.connectGetHostname({})],
  ["connectGetCapabilities", (api) => api.connectGetCapabilities({})],
  ["nodeGetInfo", (api) => api.nodeGetInfo({})],
  ["nodeGetFreeMemory", (api) => api.nodeGetFreeMemory({})],
  ["connectNumOfDomains", (api) => api.connectNumOfDomains({})],
  ["connectListDomains", (api) => api.connectListDomains({})],
  ["connectNumOfDefinedDomains", (api) => api.connectNumOfDefinedDomains({})],
  ["connectListDefinedDomains", (api) => api.connectListDefinedDomains({})],
  ["connectListAllDomains", (api) => api.connectListAllDomains(CURRENT)],
  ["connectListAllDomains", (api) => api.connectListAllDomains({ flags: 1024 | 8192 })],
  ["connectGetAllDomainStats", (api) => api.connectGetAllDomainStats({ doms: [], stats: 0, flags: 0 })],
  [
    "domainLookupByName",
    async (api, known) => {
      known.dom = await api.domainLookupByName({ name: "ha-host_VM0" });
      return known.dom;
    },
  ],
  ["domainLookupByName", (api) => api.domainLookupByName({ name: "nobody" })],
  ["domainLookupByUUID", (api, { dom }) => api.domainLookupByUUID({ uuid: dom.uuid })],
  ["domainLookupByUUID", (api) => api.domainLookupByUUID({ uuid: "00000000-0000-0000-0000-000000000001" })],
  ["domainLookupByID", (api, { dom }) => api.domainLookupByID({ id: dom.id })],
  ["domainGetInfo", (api, { dom }) => api.domainGetInfo({ dom })],
  ["domainGetState", (api, { dom }) => api.domainGetState({ dom, flags: 0 })],
  ["domainGetOSType", (api, { dom }) => api.domainGetOSType({ dom })],
  ["domainIsActive", (api, { dom }) => api.domainIsActive({ dom })],
  ["domainIsPersistent", (api, { dom }) => api.domainIsPersistent({ dom })],
  ["domainIsUpdated", (api, { dom }) => api.domainIsUpdated({ dom })],
  ["domainHasManagedSaveImage", (api, { dom }) => api.domainHasManagedSaveImage({ dom, flags: 0 })],
  ["domainGetXMLDesc", (api, { dom }) => api.domainGetXMLDesc({ dom, flags: 0 })],
  ["domainGetHostname", (api, { dom }) => api.domainGetHostname({ dom, flags: 0 })],
  ["domainInterfaceAddresses", (api, { dom }) => api.domainInterfaceAddresses({ dom, source: AGENT, flags: 0 })],
  ["domainGetMaxMemory", (api, { dom }) => api.domainGetMaxMemory({ dom })],
  ["domainGetMaxVcpus", (api, { dom }) => api.domainGetMaxVcpus({ dom })],
  ["domainGetVcpusFlags", (api, { dom }) => api.domainGetVcpusFlags({ dom, flags: MAXIMUM })],
  ["domainGetSchedulerType", (api, { dom }) => api.domainGetSchedulerType({ dom })],
  ["domainGetSchedulerParameters", (api, { dom }) => api.domainGetSchedulerParameters({ dom, nparams: 3 })],
  [
    "domainSetSchedulerParameters",
    (api, { dom }) => api.domainSetSchedulerParameters({ dom, params: [{ field: "shares", type: "int", value: -3 }] }),
  ],
  [
    "domainSetSchedulerParametersFlags",
    (api, { dom }) =>
      api.domainSetSchedulerParametersFlags({ dom, params: [{ field: "shares", type: "int", value: 2000 }], flags: 0 }),
  ],
  [
    "domainGetSchedulerParametersFlags",
    (api, { dom }) => api.domainGetSchedulerParametersFlags({ dom, nparams: 3, flags: 0 }),
  ],
  [
    "domainSetMemoryParameters",
    (api, { dom }) =>
      api.domainSetMemoryParameters({
        dom,
        params: [{ field: "min_guarantee", type: "ullong", value: 8192 }],
        flags: 0,
      }),
  ],
  ["domainGetMemoryParameters", (api, { dom }) => api.domainGetMemoryParameters({ dom, flags: 0 })],
  ["domainSetMemory", (api, { dom }) => api.domainSetMemory({ dom, memory: 30720 })],
  ["domainSetMemoryFlags", (api, { dom }) => api.domainSetMemoryFlags({ dom, memory: 28672, flags: 0 })],
  ["domainSuspend", (api, { dom }) => api.domainSuspend({ dom })],
  ["domainSuspend", (api, { dom }) => api.domainSuspend({ dom })],
  ["domainResume", (api, { dom }) => api.domainResume({ dom })],
  ["domainReboot", (api, { dom }) => api.domainReboot({ dom, flags: 0 })],
  ["domainReset", (api, { dom }) => api.domainReset({ dom, flags: 0 })],
  [
    "domainScreenshot",
    async (api, { dom }) => {
      const { mime, stream } = await api.domainScreenshot({ dom, screen: 0, flags: 0 });
      return { mime, bytes: (await buffer(stream)).length };
    },
  ],
  ["domainShutdown", (api, { dom }) => api.domainShutdown({ dom })],
  ["domainSetMaxMemory", (api, { dom }) => api.domainSetMaxMemory({ dom, memory: 131_072 })],
  ["domainSetVcpus", (api, { dom }) => api.domainSetVcpus({ dom, nvcpus: 4 })],
  ["domainSetVcpusFlags", (api, { dom }) => api.domainSetVcpusFlags({ dom, nvcpus: 2, flags: 1 })],
  ["domainSetVcpusFlags", (api, { dom }) => api.domainSetVcpusFlags({ dom, nvcpus: 1000, flags: 1 })],
  ["domainCreate", (api, { dom }) => api.domainCreate({ dom })],
  ["domainCreate", (api, { dom }) => api.domainCreate({ dom })],
  ["domainDestroy", (api, { dom }) => api.domainDestroy({ dom })],
  ["domainCreateWithFlags", (api, { dom }) => api.domainCreateWithFlags({ dom, flags: 0 })],
  ["domainShutdownFlags", (api, { dom }) => api.domainShutdownFlags({ dom, flags: 0 })],
  ["domainCreate", (api, { dom }) => api.domainCreate({ dom })],
  ["domainDestroyFlags", (api, { dom }) => api.domainDestroyFlags({ dom, flags: 0 })],
  ["domainCreate", (api, { dom }) => api.domainCreate({ dom })],
  ["domainGetAutostart", (api, { dom }) => api.domainGetAutostart({ dom })],
  ["domainSetAutostart", (api, { dom }) => api.domainSetAutostart({ dom, autostart: true })],
  ["domainGetAutostart", (api, { dom }) => api.domainGetAutostart({ dom })],
  [
    "domainSnapshotCreateXML",
    async (api, known) => {
      known.snap = await api.domainSnapshotCreateXML({ dom: known.dom, xmlDesc: SNAPSHOT("s1"), flags: 0 });
      return known.snap;
    },
  ],
  [
    "domainSnapshotCreateXML",
    (api, { dom }) => api.domainSnapshotCreateXML({ dom, xmlDesc: SNAPSHOT("s2"), flags: 0 }),
  ],
  [
    "domainSnapshotCreateXML",
    (api, { dom }) => api.domainSnapshotCreateXML({ dom, xmlDesc: SNAPSHOT("s2"), flags: 0 }),
  ],
  ["domainSnapshotNum", (api, { dom }) => api.domainSnapshotNum({ dom, flags: 0 })],
  ["domainSnapshotListNames", (api, { dom }) => api.domainSnapshotListNames({ dom, flags: 0 })],
  ["domainSnapshotNumChildren", (api, { snap }) => api.domainSnapshotNumChildren({ snap, flags: 0 })],
  ["domainSnapshotListChildrenNames", (api, { snap }) => api.domainSnapshotListChildrenNames({ snap, flags: 0 })],
  ["domainSnapshotLookupByName", (api, { dom }) => api.domainSnapshotLookupByName({ dom, name: "s2", flags: 0 })],
  ["domainSnapshotLookupByName", (api, { dom }) => api.domainSnapshotLookupByName({ dom, name: "s3", flags: 0 })],
  ["domainHasCurrentSnapshot", (api, { dom }) => api.domainHasCurrentSnapshot({ dom, flags: 0 })],
  ["domainSnapshotCurrent", (api, { dom }) => api.domainSnapshotCurrent({ dom, flags: 0 })],
  ["domainSnapshotGetParent", (api, { dom }) => api.domainSnapshotGetParent({ snap: { dom, name: "s2" }, flags: 0 })],
  ["domainSnapshotGetParent", (api, { snap }) => api.domainSnapshotGetParent({ snap, flags: 0 })],
  ["domainSnapshotIsCurrent", (api, { snap }) => api.domainSnapshotIsCurrent({ snap, flags: 0 })],
  ["domainSnapshotHasMetadata", (api, { snap }) => api.domainSnapshotHasMetadata({ snap, flags: 0 })],
  ["domainSnapshotGetXMLDesc", (api, { snap }) => api.domainSnapshotGetXMLDesc({ snap, flags: 0 })],
  ["domainRevertToSnapshot", (api, { snap }) => api.domainRevertToSnapshot({ snap, flags: 0 })],
  ["domainSnapshotDelete", (api, { snap }) => api.domainSnapshotDelete({ snap, flags: 1 })],
  ["connectNumOfStoragePools", (api) => api.connectNumOfStoragePools({})],
  ["connectListStoragePools", (api) => api.connectListStoragePools({})],
  ["connectNumOfDefinedStoragePools", (api) => api.connectNumOfDefinedStoragePools({})],
  ["connectListDefinedStoragePools", (api) => api.connectListDefinedStoragePools({})],
  ["connectListAllStoragePools", (api) => api.connectListAllStoragePools(CURRENT)],
  [
    "storagePoolLookupByName",
    async (api, known) => {
      known.pool = await api.storagePoolLookupByName({ name: "LocalDS_0" });
      return known.pool.name;
    },
  ],
  ["storagePoolLookupByName", (api) => api.storagePoolLookupByName({ name: "nowhere" })],
  ["storagePoolLookupByUUID", (api, { pool }) => api.storagePoolLookupByUUID({ uuid: pool.uuid })],
  ["storagePoolRefresh", (api, { pool }) => api.storagePoolRefresh({ pool, flags: 0 })],
  ["storagePoolGetInfo", (api, { pool }) => api.storagePoolGetInfo({ pool })],
  ["storagePoolGetXMLDesc", (api, { pool }) => api.storagePoolGetXMLDesc({ pool, flags: 0 })],
  ["storagePoolGetAutostart", (api, { pool }) => api.storagePoolGetAutostart({ pool })],
  ["storagePoolSetAutostart", (api, { pool }) => api.storagePoolSetAutostart({ pool, autostart: true })],
  ["storagePoolIsActive", (api, { pool }) => api.storagePoolIsActive({ pool })],
  ["storagePoolIsPersistent", (api, { pool }) => api.storagePoolIsPersistent({ pool })],
  ["storagePoolNumOfVolumes", (api, { pool }) => api.storagePoolNumOfVolumes({ pool })],
  ["storagePoolListVolumes", (api, { pool }) => api.storagePoolListVolumes({ pool })],
  [
    "storageVolCreateXML",
    async (api, known) => {
      known.vol = await api.storageVolCreateXML({ pool: known.pool, xml: VOLUME("made.vmdk"), flags: 0 });
      return known.vol.name;
    },
  ],
  [
    "storageVolCreateXMLFrom",
    async (api, known) => {
      const { pool, vol: clonevol } = known;
      known.copy = await api.storageVolCreateXMLFrom({ pool, xml: VOLUME("copy.vmdk"), clonevol, flags: 0 });
      return known.copy.name;
    },
  ],
  ["storagePoolLookupByVolume", (api, { vol }) => api.storagePoolLookupByVolume({ vol })],
  ["storageVolLookupByName", (api, { pool, vol }) => api.storageVolLookupByName({ pool, name: vol.name })],
  ["storageVolLookupByName", (api, { pool }) => api.storageVolLookupByName({ pool, name: "made/none.vmdk" })],
  ["storageVolLookupByPath", (api, { vol }) => api.storageVolLookupByPath({ path: `[${vol.pool}] ${vol.name}` })],
  ["storageVolLookupByKey", (api, { vol }) => api.storageVolLookupByKey({ key: vol.key })],
  ["storageVolGetPath", (api, { vol }) => api.storageVolGetPath({ vol })],
  ["storageVolGetInfo", (api, { vol }) => api.storageVolGetInfo({ vol })],
  ["storageVolGetXMLDesc", (api, { vol }) => api.storageVolGetXMLDesc({ vol, flags: 0 })],
  ["storageVolWipe", (api, { copy }) => api.storageVolWipe({ vol: copy, flags: 0 })],
  ["storageVolDelete", (api, { copy }) => api.storageVolDelete({ vol: copy, flags: 0 })],
  [
    "connectDomainXMLToNative",
    (api) => api.connectDomainXMLToNative({ nativeFormat: "vmware-vmx", domainXml: MACHINE, flags: 0 }),
  ],
  [
    "connectDomainXMLFromNative",
    (api) =>
      api.connectDomainXMLFromNative({
        nativeFormat: "vmware-vmx",
        nativeConfig: `config.version = "8"\nvirtualHW.version = "10"\ndisplayName = "told"\nscsi0.present = "true"\nscsi0:0.present = "true"\nscsi0:0.fileName = "/vmfs/volumes/LocalDS_0/made/made.vmdk"\n`,
        flags: 0,
      }),
  ],
  [
    "domainDefineXML",
    async (api, known) => {
      known.made = await api.domainDefineXML({ xml: MACHINE });
      return known.made;
    },
  ],
  ["domainDefineXMLFlags", (api) => api.domainDefineXMLFlags({ xml: MACHINE, flags: 0 })],
  ["domainUndefine", (api, { made }) => api.domainUndefine({ dom: made })],
  ["domainDefineXMLFlags", (api) => api.domainDefineXMLFlags({ xml: MACHINE, flags: 0 })],
  ["domainUndefineFlags", (api, { made }) => api.domainUndefineFlags({ dom: made, flags: 2 })],
  ["domainGetState", (api, { made }) => api.domainGetState({ dom: made, flags: 0 })],
  ["connectNumOfNetworks", (api) => api.connectNumOfNetworks({})],
  ["connectListNetworks", (api) => api.connectListNetworks({})],
  ["connectNumOfDefinedNetworks", (api) => api.connectNumOfDefinedNetworks({})],
  ["connectListDefinedNetworks", (api) => api.connectListDefinedNetworks({})],
  ["connectListAllNetworks", (api) => api.connectListAllNetworks(CURRENT)],
  [
    "networkLookupByName",
    async (api, known) => {
      known.net = await api.networkLookupByName({ name: "vSwitch0" });
      return known.net;
    },
  ],
  ["networkLookupByName", (api) => api.networkLookupByName({ name: "nowhere" })],
  ["networkLookupByUUID", (api, { net }) => api.networkLookupByUUID({ uuid: net.uuid })],
  ["networkGetXMLDesc", (api, { net }) => api.networkGetXMLDesc({ net, flags: 0 })],
  ["networkGetAutostart", (api, { net }) => api.networkGetAutostart({ net })],
  ["networkSetAutostart", (api, { net }) => api.networkSetAutostart({ net, autostart: true })],
  ["networkIsActive", (api, { net }) => api.networkIsActive({ net })],
  ["networkIsPersistent", (api, { net }) => api.networkIsPersistent({ net })],
  ["networkDefineXML", (api) => api.networkDefineXML({ xml: SWITCH.replace(/<forward.*<\/forward>/, "") })],
  ["networkUndefine", async (api, { net }) => api.networkUndefine({ net: { ...net, name: "made" } })],
  ["networkDefineXMLFlags", (api) => api.networkDefineXMLFlags({ xml: SWITCH, flags: 0 })],
  ["networkUndefine", async (api, { net }) => api.networkUndefine({ net: { ...net, name: "made" } })],
  ["connectNumOfInterfaces", (api) => api.connectNumOfInterfaces({})],
  ["connectListInterfaces", (api) => api.connectListInterfaces({})],
  ["connectNumOfDefinedInterfaces", (api) => api.connectNumOfDefinedInterfaces({})],
  ["connectListDefinedInterfaces", (api) => api.connectListDefinedInterfaces({})],
  ["connectListAllInterfaces", (api) => api.connectListAllInterfaces(CURRENT)],
  [
    "interfaceLookupByName",
    async (api, known) => {
      known.iface = await api.interfaceLookupByName({ name: "vmnic0" });
      return known.iface;
    },
  ],
  ["interfaceLookupByMACString", (api, { iface }) => api.interfaceLookupByMACString({ mac: iface.mac })],
  ["interfaceGetXMLDesc", (api, { iface }) => api.interfaceGetXMLDesc({ iface, flags: 0 })],
  ["interfaceIsActive", (api, { iface }) => api.interfaceIsActive({ iface })],
];

/** What is different where a vCenter leads to the host: how it is found, files, and migration. */
export const VCENTER_SCRIPT: Steps = [
  ["connectGetVersion", (api) => api.connectGetVersion({})],
  ["connectListAllDomains", (api) => api.connectListAllDomains(CURRENT)],
  [
    "domainLookupByID",
    async (api, known) => {
      const [id = 0] = await api.connectListDomains({});
      known.dom = await api.domainLookupByID({ id });
      return known.dom;
    },
  ],
  ["domainGetXMLDesc", (api, { dom }) => api.domainGetXMLDesc({ dom, flags: 0 })],
  [
    "domainMigratePrepare",
    async (api, known) => {
      const told = await api.domainMigratePrepare({ uriIn: null, flags: 1, dname: null, resource: 0 });
      known.migration = told.uriOut ?? "";
      return told.uriOut;
    },
  ],
  [
    "domainMigratePerform",
    (api, { dom, migration: uri }) =>
      api.domainMigratePerform({ dom, cookie: new Uint8Array(), uri, flags: 1, dname: null, resource: 0 }),
  ],
  [
    "domainMigrateFinish",
    (api, { dom, migration: uri }) =>
      api.domainMigrateFinish({ dname: dom.name, cookie: new Uint8Array(), uri, flags: 1 }),
  ],
  ["domainDestroy", (api, { dom }) => api.domainDestroy({ dom })],
  ["storagePoolListVolumes", (api, { pool: _ }) => api.storagePoolListVolumes({ pool: LOCAL_POOL })],
];

const LOCAL_POOL: StoragePool = { name: "LocalDS_0", uuid: "00000000-0000-0000-0000-000000000000" };

/** Takes all steps in their order; errors are answers, too. */
export async function play(connection: Connection, steps: Steps): Promise<Answer[]> {
  const known = {} as Known;
  const answers: Answer[] = [];
  for (const [call, step] of steps) {
    try {
      answers.push({ call, result: plain(await step(connection.api, known)) });
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      answers.push({ call, error: { code: code ?? "", message } });
    }
  }
  return answers;
}

/** As JSON would have it. */
function plain(value: unknown): unknown {
  const text = JSON.stringify(value ?? null, (_, each: unknown) => (typeof each === "bigint" ? Number(each) : each));
  return JSON.parse(text);
}
