import { checkFlags, type HypervisorHandlers, VirtError } from "@polyvisor/core";
import { formatDomain } from "@polyvisor/sdk/conf/domain";
import type { LxcHypervisor } from "../pieces.js";
import { domainFromLxcConf } from "./from-native.js";

const FORMAT = "lxc-tools";

/** Configurations of the LXC tools. There is no way back: libvirt's driver has none. */
export function nativeHandlers({ backend }: LxcHypervisor): Pick<HypervisorHandlers, "connectDomainXMLFromNative"> {
  return {
    connectDomainXMLFromNative({ nativeFormat, nativeConfig, flags }) {
      checkFlags(flags, 0, "lxcConnectDomainXMLFromNative", "LXC");
      if (nativeFormat !== FORMAT)
        throw new VirtError("INVALID_ARG", `unsupported config type ${nativeFormat}`, {
          domain: "LXC",
          hint: `the only one is ${FORMAT}`,
        });
      return formatDomain(domainFromLxcConf(nativeConfig, { defaultArch: "x86_64", ...backend.documents }));
    },
  };
}
