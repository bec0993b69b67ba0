import type { HypervisorHandlers } from "@polyvisor/core";
import { type LazyHandlers, lazyHandlers } from "@polyvisor/sdk/lazy";
import type { Hypervisor } from "../hypervisor.js";

/**
 * Topics of calls that need documents, emulators or guests: their code, most of the driver's, is loaded with the first call
 * of each. All connections share them. In the order in which they are loaded when there is time.
 */
export function lazyTopics(hypervisor: Hypervisor): readonly LazyHandlers<HypervisorHandlers>[] {
  return [
    lazyHandlers(
      [
        "domainDefineXML",
        "domainDefineXMLFlags",
        "domainUndefine",
        "domainUndefineFlags",
        "domainGetAutostart",
        "domainSetAutostart",
      ],
      async () => (await import("./definition.js")).definitionHandlers(hypervisor),
    ),
    lazyHandlers(["connectGetAllDomainStats"], async () => (await import("./stats.js")).statsHandlers(hypervisor)),
    lazyHandlers(
      ["domainGetMaxMemory", "domainSetMaxMemory", "domainSetMemory", "domainSetMemoryFlags", "domainMemoryStats"],
      async () => (await import("./memory.js")).memoryHandlers(hypervisor),
    ),
    lazyHandlers(
      ["domainGetMaxVcpus", "domainSetVcpus", "domainSetVcpusFlags", "domainGetVcpusFlags", "domainGetVcpus"],
      async () => (await import("./vcpus.js")).vcpuHandlers(hypervisor),
    ),
    lazyHandlers(
      [
        "domainGetSchedulerType",
        "domainGetSchedulerParameters",
        "domainGetSchedulerParametersFlags",
        "domainSetSchedulerParameters",
        "domainSetSchedulerParametersFlags",
        "domainGetMemoryParameters",
        "domainSetMemoryParameters",
        "domainGetBlkioParameters",
        "domainSetBlkioParameters",
        "domainGetNumaParameters",
        "domainSetNumaParameters",
        "domainGetIOThreadInfo",
        "domainPinIOThread",
        "domainPinVcpu",
        "domainPinVcpuFlags",
        "domainGetVcpuPinInfo",
        "domainPinEmulator",
        "domainGetEmulatorPinInfo",
        "domainGetCPUStats",
      ],
      async () => (await import("./tuning/index.js")).tuningHandlers(hypervisor),
    ),
    lazyHandlers(
      [
        "domainAttachDevice",
        "domainAttachDeviceFlags",
        "domainDetachDevice",
        "domainDetachDeviceFlags",
        "domainUpdateDeviceFlags",
        "domainDetachDeviceAlias",
      ],
      async () => (await import("./devices.js")).deviceHandlers(hypervisor),
    ),
    lazyHandlers(["domainOpenConsole"], async () => (await import("./console.js")).consoleHandlers(hypervisor)),
    lazyHandlers(["domainOpenGraphics", "domainOpenGraphicsFD"], async () =>
      (await import("./graphics.js")).graphicsHandlers(hypervisor),
    ),
    lazyHandlers(["domainGetMessages"], async () => (await import("./messages.js")).messageHandlers(hypervisor)),
    lazyHandlers(["nodeGetSecurityModel", "domainGetSecurityLabel", "domainGetSecurityLabelList"], async () =>
      (await import("./security.js")).securityHandlers(hypervisor),
    ),
    lazyHandlers(
      ["domainQemuMonitorCommand", "domainQemuMonitorCommandWithFiles", "domainQemuAgentCommand"],
      async () => (await import("./monitor-command.js")).monitorCommandHandlers(hypervisor),
    ),
    lazyHandlers(
      [
        "connectGetCPUModelNames",
        "connectCompareCPU",
        "connectBaselineCPU",
        "connectCompareHypervisorCPU",
        "connectBaselineHypervisorCPU",
      ],
      async () => (await import("./cpu.js")).cpuHandlers(hypervisor),
    ),
    lazyHandlers(["connectGetDomainCapabilities"], async () =>
      (await import("./domain-capabilities.js")).domainCapabilitiesHandlers(hypervisor),
    ),
    lazyHandlers(["domainBlockResize"], async () =>
      (await import("./block-resize.js")).blockResizeHandlers(hypervisor),
    ),
    lazyHandlers(
      [
        "domainBlockPull",
        "domainBlockRebase",
        "domainBlockCommit",
        "domainBlockCopy",
        "domainBlockJobAbort",
        "domainBlockJobSetSpeed",
        "domainGetBlockJobInfo",
      ],
      async () => (await import("./block-jobs.js")).blockJobHandlers(hypervisor),
    ),
    lazyHandlers(
      [
        "domainSnapshotCreateXML",
        "domainSnapshotDelete",
        "domainSnapshotNum",
        "domainSnapshotListNames",
        "domainListAllSnapshots",
        "domainSnapshotNumChildren",
        "domainSnapshotListChildrenNames",
        "domainSnapshotListAllChildren",
        "domainSnapshotLookupByName",
        "domainHasCurrentSnapshot",
        "domainSnapshotCurrent",
        "domainSnapshotIsCurrent",
        "domainSnapshotHasMetadata",
        "domainSnapshotGetParent",
        "domainSnapshotGetXMLDesc",
      ],
      async () => (await import("./snapshots.js")).snapshotHandlers(hypervisor),
    ),
  ];
}

/** The connection with which autodestroyed guests go, and the files that its client has opened. */
export interface Owner {
  /** Called when the connection is closed: its guests are ended. There as soon as a call may have started one. */
  leave?: () => void;
}

/** Starting, stopping, and what lies between. */
export function lazyLifecycle(hypervisor: Hypervisor, owner: Owner): LazyHandlers<HypervisorHandlers> {
  return lazyHandlers(
    [
      "domainCreate",
      "domainCreateWithFlags",
      "domainCreateXML",
      "domainDestroy",
      "domainDestroyFlags",
      "domainShutdown",
      "domainShutdownFlags",
      "domainReboot",
      "domainReset",
      "domainSuspend",
      "domainResume",
    ],
    async () => {
      const { destroyOwned, lifecycleHandlers } = await import("./lifecycle.js");
      owner.leave = () => destroyOwned(hypervisor, owner);
      return lifecycleHandlers(hypervisor, owner);
    },
  );
}
