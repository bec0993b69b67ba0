import { AFFECT, LIST_DOMAINS_FLAG as LIST, MEMORY_FLAG, STATS, STATS_FLAG, XML_FLAG } from "@polyvisor/core";
import { A, document } from "./documents.js";
import type { Step } from "./our-peer.js";

const numbers = (length: number) => Array.from({ length }, (_, index) => index);

/** Lists, figures, and what can be set on a domain. */
export const SETTINGS_SCRIPTS: Readonly<Record<string, readonly Step[]>> = {
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

  "video cards of no kind": [
    ...["hvm", "xen"].flatMap((os): Step[] => [
      ["defineXML", null, document("a", "<devices><graphics type='vnc'/></devices>").replace("hvm", os)],
      ["XMLDesc", "a", 0],
      ["undefine", "a"],
    ]),
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
