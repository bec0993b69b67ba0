import {
  AFFECT,
  CREATE_FLAG,
  DESTROY_FLAG,
  LIST_DOMAINS_FLAG as LIST,
  MEMORY_FLAG,
  REBOOT_FLAG,
  STATS,
  STATS_FLAG,
  UNDEFINE_FLAG,
  VCPU_FLAG,
  XML_FLAG,
} from "@polyvisor/core";
import type { Step } from "./our-peer.js";

const UUIDS: Readonly<Record<string, string>> = {
  a: "11111111-2222-4333-8444-00000000000a",
  b: "11111111-2222-4333-8444-00000000000b",
};

/** A small document; `parts` go between its OS and its end. */
function document(name: string, parts = "", { memory = 4096, vcpu = "<vcpu current='1'>4</vcpu>" } = {}): string {
  const uuid = UUIDS[name] === undefined ? "" : `<uuid>${UUIDS[name]}</uuid>`;
  const head = `<name>${name}</name>${uuid}<memory>${memory}</memory>${vcpu}`;
  return `<domain type='test'>${head}<os><type>hvm</type></os>${parts}</domain>`;
}

const A = document("a");
const ASK: readonly Step[] = [
  ["state", "a", 0],
  ["info", "a"],
  ["isActive", "a"],
  ["isPersistent", "a"],
  ["isUpdated", "a"],
  ["autostart", "a"],
  ["XMLDesc", "a", 0],
  ["XMLDesc", "a", XML_FLAG.INACTIVE],
];
const numbers = (length: number) => Array.from({ length }, (_, index) => index);

/** What both drivers are put through, and must answer alike to the last letter. */
export const SCRIPTS: Readonly<Record<string, readonly Step[]>> = {
  "the host": [
    ["getType", null],
    ["getVersion", null],
    ["getURI", null],
    ["getMaxVcpus", null],
    ["getInfo", null],
    ["getHostname", null],
    ["getFreeMemory", null],
    ["getCapabilities", null],
    ["getSysinfo", null, 0],
    ["getSysinfo", null, 1],
  ],

  "the domain that is there from the start": [
    ["lookupByName", null, "test"],
    ["lookupByID", null, 1],
    ["lookupByUUID", null, "6695eb01-f6a4-8304-79aa-97f2502e193f"],
    ["state", "test", 0],
    ["info", "test"],
    ["isActive", "test"],
    ["isPersistent", "test"],
    ["isUpdated", "test"],
    ["autostart", "test"],
    ["OSType", "test"],
    ["hasManagedSaveImage", "test", 0],
    ["maxMemory", "test"],
    ["maxVcpus", "test"],
    ["vcpus", "test"],
    ["memoryStats", "test"],
    ["getAllDomainStats", null, 0, 0],
    ["XMLDesc", "test", 0],
    ["XMLDesc", "test", XML_FLAG.INACTIVE],
    ["XMLDesc", "test", XML_FLAG.SECURE],
    ["XMLDesc", "test", XML_FLAG.MIGRATABLE],
    ["openConsole", "test"],
  ],

  "a domain that is looked for in vain": [
    ["lookupByName", null, "nobody"],
    ["lookupByID", null, 99],
    ["lookupByID", null, 0],
    ["lookupByUUID", null, "11111111-2222-4333-8444-0000000000ff"],
  ],

  "flags that nobody knows": [
    ["lookupByName", null, "test"],
    ["XMLDesc", "test", XML_FLAG.UPDATE_CPU],
    ["XMLDesc", "test", 1 << 4],
    ["state", "test", 1],
    ["hasManagedSaveImage", "test", 1],
    ["createWithFlags", "test", CREATE_FLAG.AUTODESTROY],
    ["createXML", null, A, CREATE_FLAG.AUTODESTROY],
    ["defineXMLFlags", null, A, 2],
    ["undefineFlags", "test", UNDEFINE_FLAG.NVRAM],
    ["destroyFlags", "test", DESTROY_FLAG.REMOVE_LOGS],
    ["shutdownFlags", "test", 1],
    ["reboot", "test", 1 << 6],
    ["reset", "test", 1],
    ["listAllDomains", null, 1 << 16],
    ["getAllDomainStats", null, 0, LIST.AUTOSTART],
    ["setVcpusFlags", "test", 1, VCPU_FLAG.GUEST],
    ["setVcpusFlags", "test", 1, VCPU_FLAG.HOTPLUGGABLE],
    ["vcpusFlags", "test", VCPU_FLAG.GUEST],
    ["setMemoryFlags", "test", 1, 8],
    ["state", "test", 0],
  ],

  "a persistent domain from its definition to its end": [
    ["defineXML", null, A],
    ...ASK,
    ["create", "a"],
    ...ASK,
    ["lookupByID", null, 2],
    ["suspend", "a"],
    ["state", "a", 0],
    ["resume", "a"],
    ["state", "a", 0],
    ["reboot", "a", 0],
    ["state", "a", 0],
    ["reboot", "a", REBOOT_FLAG.ACPI_POWER_BTN | REBOOT_FLAG.PARAVIRT],
    ["reset", "a", 0],
    ["state", "a", 0],
    ["shutdown", "a"],
    ...ASK,
    ["lookupByID", null, 2],
    ["createWithFlags", "a", 0],
    ["suspend", "a"],
    ["shutdownFlags", "a", 0],
    ["state", "a", 0],
    ["create", "a"],
    ["destroy", "a"],
    ...ASK,
    ["undefine", "a"],
    ["lookupByName", null, "a"],
  ],

  "a domain that is only created": [
    ["createXML", null, A, 0],
    ...ASK,
    ["setAutostart", "a", 1],
    ["autostart", "a"],
    ["destroyFlags", "a", DESTROY_FLAG.GRACEFUL],
    ...ASK,
    ["createXML", null, A, CREATE_FLAG.VALIDATE],
    ["shutdown", "a"],
    ["lookupByName", null, "a"],
  ],

  "what a domain that runs refuses": [
    ["defineXML", null, A],
    ["create", "a"],
    ["create", "a"],
    ["createWithFlags", "a", 0],
    ["createXML", null, A, 0],
    ["resume", "a"],
    ["suspend", "a"],
    ["suspend", "a"],
    ["create", "a"],
    ["setMaxMemory", "a", 8192],
    ["state", "a", 0],
  ],

  "what a domain that is off refuses": [
    ["defineXML", null, A],
    ["suspend", "a"],
    ["resume", "a"],
    ["shutdown", "a"],
    ["reboot", "a", 0],
    ["reset", "a", 0],
    ["destroy", "a"],
    ["destroyFlags", "a", 0],
    ["vcpus", "a"],
    ["memoryStats", "a"],
    ["maxVcpus", "a"],
    ["setVcpus", "a", 1],
    ["setMemory", "a", 1],
    ["state", "a", 0],
  ],

  "what a domain that is gone refuses": [
    ["defineXML", null, A],
    ["undefine", "a"],
    ...ASK,
    ["create", "a"],
    ["destroy", "a"],
    ["shutdown", "a"],
    ["suspend", "a"],
    ["resume", "a"],
    ["reboot", "a", 0],
    ["reset", "a", 0],
    ["undefine", "a"],
    ["setAutostart", "a", 1],
    ["maxMemory", "a"],
    ["setMemory", "a", 1],
    ["setVcpus", "a", 1],
    ["vcpus", "a"],
    ["memoryStats", "a"],
    ["hasManagedSaveImage", "a", 0],
    ["domainListGetStats", null, ["a"], 0, 0],
  ],

  "names and UUIDs that belong to another": [
    ["defineXML", null, A],
    ["defineXML", null, A.replace("00000000000a", "0000000000aa")],
    ["defineXML", null, A.replace("<name>a<", "<name>z<")],
    ["createXML", null, A.replace("00000000000a", "0000000000aa"), 0],
    ["createXML", null, A.replace("<name>a<", "<name>z<"), 0],
    ["listAllDomains", null, 0],
    ["XMLDesc", "a", 0],
  ],

  "documents that are no good": [
    ["defineXML", null, "<network/>"],
    ["defineXML", null, "<domain type='test'/>"],
    ["defineXML", null, "<domain><name>a</name></domain>"],
    ["defineXML", null, A.replace("<name>a<", "<name>a/b<")],
    ["defineXML", null, A.replace("<name>a<", "<name>a\nb<")],
    ["defineXML", null, A.replace("<name>a<", "<name><")],
    ["createXML", null, A.replace("<name>a<", "<name>a/b<"), 0],
    ["listAllDomains", null, 0],
  ],

  "a definition that changes while the domain runs": [
    ["defineXML", null, A],
    ["create", "a"],
    ["defineXML", null, document("a", "", { memory: 9000 })],
    ...ASK,
    ["undefine", "a"],
    ...ASK,
    ["undefine", "a"],
    ["defineXML", null, A],
    ...ASK,
    ["destroy", "a"],
    ...ASK,
  ],

  "a domain that is created, then defined": [
    ["createXML", null, A, 0],
    ["defineXML", null, document("a", "", { memory: 9000 })],
    ...ASK,
    ["defineXML", null, document("a", "", { memory: 9001 })],
    ["shutdown", "a"],
    ...ASK,
  ],

  "a domain that is undefined while it runs": [
    ["defineXML", null, A],
    ["create", "a"],
    ["undefineFlags", "a", UNDEFINE_FLAG.MANAGED_SAVE | UNDEFINE_FLAG.SNAPSHOTS_METADATA],
    ...ASK,
    ["setVcpusFlags", "a", 1, AFFECT.CONFIG],
    ["setMemoryFlags", "a", 1, AFFECT.CONFIG],
    ["destroy", "a"],
    ["lookupByName", null, "a"],
  ],

  "a definition that runs as something else once": [
    ["defineXML", null, A],
    ["createXML", null, document("a", "", { memory: 9000 }), 0],
    ...ASK,
    ["setMemoryFlags", "a", 100, AFFECT.LIVE],
    ["setMemoryFlags", "a", 200, AFFECT.CONFIG],
    ...ASK,
    ["destroy", "a"],
    ...ASK,
  ],

  "what a guest does on poweroff and on reboot": [
    ...["destroy", "restart", "preserve", "rename-restart"].flatMap((action): Step[] => [
      ["defineXML", null, document("a", `<on_poweroff>${action}</on_poweroff><on_reboot>${action}</on_reboot>`)],
      ["create", "a"],
      ["suspend", "a"],
      ["shutdown", "a"],
      ["state", "a", 0],
      ["create", "a"],
      ["reboot", "a", 0],
      ["state", "a", 0],
      ["destroy", "a"],
      ["undefine", "a"],
    ]),
  ],

  "lists with every filter": [
    ["defineXML", null, A],
    ["setAutostart", "a", 1],
    ["createXML", null, document("b"), 0],
    ["suspend", "b"],
    ["numOfDomains", null],
    ["numOfDefinedDomains", null],
    ["listDomainsID", null],
    ["listDefinedDomains", null],
    ...numbers(17).map((bit): Step => ["listAllDomains", null, bit === 0 ? 0 : 1 << (bit - 1)]),
    ["listAllDomains", null, LIST.ACTIVE | LIST.INACTIVE],
    ["listAllDomains", null, LIST.ACTIVE | LIST.PERSISTENT | LIST.RUNNING],
    ["listAllDomains", null, LIST.PAUSED | LIST.SHUTOFF],
    ["listAllDomains", null, LIST.NO_SNAPSHOT | LIST.NO_AUTOSTART],
  ],

  "bulk statistics": [
    ["defineXML", null, A],
    ["getAllDomainStats", null, 0, 0],
    ["getAllDomainStats", null, STATS.STATE, 0],
    ["getAllDomainStats", null, STATS.IOTHREAD, 0],
    ["getAllDomainStats", null, STATS.BALLOON | STATS.VCPU, 0],
    ["getAllDomainStats", null, STATS.STATE | STATS.VCPU, STATS_FLAG.ENFORCE_STATS],
    ["getAllDomainStats", null, STATS.STATE, STATS_FLAG.ENFORCE_STATS | STATS_FLAG.NOWAIT | STATS_FLAG.BACKING],
    ["getAllDomainStats", null, 0, LIST.ACTIVE],
    ["getAllDomainStats", null, 0, LIST.SHUTOFF],
    ["domainListGetStats", null, ["a"], 0, 0],
    ["domainListGetStats", null, ["a"], 0, LIST.ACTIVE],
  ],

  memory: [
    ["defineXML", null, A],
    ...["off", "running"].flatMap((now): Step[] => [
      ...(now === "running" ? ([["create", "a"]] as const) : []),
      ...numbers(8).flatMap((flags): Step[] => [
        ["setMemoryFlags", "a", 2000 + flags, flags],
        ["setMemoryFlags", "a", 2 ** 40, flags & ~MEMORY_FLAG.MAXIMUM],
        ["XMLDesc", "a", 0],
        ["XMLDesc", "a", XML_FLAG.INACTIVE],
        ["maxMemory", "a"],
        ["info", "a"],
      ]),
    ]),
    ["setMemory", "a", 1000],
    ["setMemory", "a", 1 << 30],
    ["setMemory", "a", 0],
    ["setMaxMemory", "a", 0],
    ["setMemoryFlags", "a", 0, 0],
    ["memoryStats", "a"],
    ["destroy", "a"],
    ["setMaxMemory", "a", 500],
    ["info", "a"],
    ["setMaxMemory", "a", 5000],
    ["info", "a"],
  ],

  "virtual CPUs": [
    ["defineXML", null, A],
    ...["off", "running"].flatMap((now): Step[] => [
      ...(now === "running" ? ([["create", "a"]] as const) : []),
      ...numbers(8).flatMap((flags): Step[] => [
        ["setVcpusFlags", "a", 2 + (flags & 1), flags],
        ["setVcpusFlags", "a", 7, flags],
        ["setVcpusFlags", "a", 33, flags],
        ["vcpusFlags", "a", flags],
        ["XMLDesc", "a", 0],
        ["XMLDesc", "a", XML_FLAG.INACTIVE],
        ["info", "a"],
      ]),
    ]),
    ["setVcpus", "a", 1],
    ["setVcpus", "a", 4],
    ["setVcpus", "a", 5],
    ["setVcpus", "a", 0],
    ["setVcpusFlags", "a", 0, 0],
    ["vcpus", "a"],
    ["maxVcpus", "a"],
  ],

  "virtual CPUs with places of their own": [
    [
      "createXML",
      null,
      document("a", "<cputune><vcpupin vcpu='1' cpuset='2-3,6'/></cputune>", { vcpu: "<vcpu cpuset='1,4'>3</vcpu>" }),
      0,
    ],
    ["vcpus", "a"],
    ["setVcpus", "a", 2],
    ["vcpus", "a"],
    ["XMLDesc", "a", 0],
  ],

  "virtual CPUs one by one": [
    [
      "defineXML",
      null,
      document(
        "a",
        `<vcpus>
           <vcpu id='0' enabled='yes' hotpluggable='no' order='1'/>
           <vcpu id='1' enabled='no' hotpluggable='yes'/>
           <vcpu id='2' enabled='yes' hotpluggable='yes' order='2'/>
         </vcpus>`,
        { vcpu: "<vcpu current='2'>3</vcpu>" },
      ),
    ],
    ["XMLDesc", "a", 0],
    ["create", "a"],
    ["vcpus", "a"],
    ["info", "a"],
    ["setVcpusFlags", "a", 3, AFFECT.CONFIG],
    ["XMLDesc", "a", XML_FLAG.INACTIVE],
    ["setVcpusFlags", "a", 1, AFFECT.CONFIG],
    ["XMLDesc", "a", XML_FLAG.INACTIVE],
  ],

  "names of network cards": [
    [
      "defineXML",
      null,
      document(
        "a",
        `<devices>
           <interface type='user'><mac address='52:54:00:00:00:01'/></interface>
           <interface type='user'><mac address='52:54:00:00:00:02'/><target dev='testnet0'/></interface>
           <interface type='user'><mac address='52:54:00:00:00:03'/><target dev='tap7'/></interface>
           <interface type='user'><mac address='52:54:00:00:00:04'/></interface>
         </devices>`,
      ),
    ],
    ["XMLDesc", "a", 0],
    ["create", "a"],
    ["XMLDesc", "a", 0],
  ],

  autostart: [
    ["defineXML", null, A],
    ["setAutostart", "a", 1],
    ["autostart", "a"],
    ["setAutostart", "a", 0],
    ["autostart", "a"],
  ],
};
