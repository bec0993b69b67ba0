import { release } from "node:os";
import { type ConnectHandlers, checkFlags, type HypervisorHandlers, VirtError } from "@polyvisor/core";
import { type Capabilities, formatCapabilities } from "@polyvisor/sdk/conf/capabilities";
import { change, type GuestHypervisor } from "@polyvisor/sdk/driver";
import { hostHandlers } from "@polyvisor/sdk/host-calls";
import type { LiveContainer } from "../container/live.js";
import { signalInit } from "../container/power.js";
import { openNamespaces } from "./namespaces.js";

/** The numbers that libvirt has for signals are those of Linux. */
const SIGNALS = 65;

/** Calls about the host, and those that only containers have. */
export function connectHandlers(
  hypervisor: GuestHypervisor<LiveContainer>,
  capabilities: Capabilities,
): HypervisorHandlers {
  return { ...hostHandlers("lxc"), ...hostDescription(capabilities), ...containerHandlers(hypervisor) };
}

function hostDescription(capabilities: Capabilities): HypervisorHandlers & ConnectHandlers {
  return {
    connectGetVersion: () => kernelVersion(release()),
    connectGetCapabilities: () => formatCapabilities(capabilities),
    nodeGetSecurityModel: () => ({ model: "none", doi: "0" }),
    connectGetSysinfo({ flags }) {
      checkFlags(flags, 0, "lxcConnectGetSysinfo", "DOM");
      throw new VirtError("CONFIG_UNSUPPORTED", "Host SMBIOS information is not available", {
        domain: "LXC",
        hint: "`virsh nodeinfo` and `virsh capabilities` describe the host",
      });
    },
    nodeSuspendForDuration() {
      throw new VirtError("OPERATION_UNSUPPORTED", "Suspend target is not supported by this host", {
        domain: "LXC",
        hint: "the host's own tools suspend it",
      });
    },
  };
}

/** A hypervisor's version where the kernel is the hypervisor: major * 1 000 000 + minor * 1000 + release. */
export function kernelVersion(text: string): number {
  const [major = 0, minor = 0, micro = 0] = text.split(/[.-]/, 3).map((part) => Number.parseInt(part, 10) || 0);
  return major * 1_000_000 + minor * 1000 + micro;
}

function containerHandlers(hypervisor: GuestHypervisor<LiveContainer>): HypervisorHandlers {
  const { domains } = hypervisor;
  return {
    domainGetSecurityLabel({ dom }) {
      domains.find(dom);
      return { label: "", enforcing: 0 };
    },

    domainLxcOpenNamespace({ dom, flags }, context) {
      checkFlags(flags, 0, "lxcDomainLxcOpenNamespace", "DOM");
      return change(hypervisor, { dom, api: "domainLxcOpenNamespace", context }, (domain) =>
        openNamespaces(domain.active().initPid),
      );
    },

    async domainSendProcessSignal({ dom, pidValue, signum, flags }, context) {
      checkFlags(flags, 0, "lxcDomainSendProcessSignal", "DOM");
      if (signum >= SIGNALS) {
        throw new VirtError("INVALID_ARG", `signum value ${signum} is out of range`, {
          domain: "LXC",
          hint: "signals have the numbers of Linux",
        });
      }
      await change(hypervisor, { dom, api: "domainSendProcessSignal", context }, (domain) => {
        const { initPid } = domain.active();
        if (pidValue !== 1n) {
          throw new VirtError("ARGUMENT_UNSUPPORTED", "Only the init process may be killed", {
            domain: "LXC",
            hint: "its number in the container is 1",
          });
        }
        signalInit(initPid, signum);
      });
    },
  };
}
