import { checkFlags, type HypervisorHandlers } from "@polyvisor/core";
import { formatDomain } from "@polyvisor/sdk/conf/domain";
import type { GuestHypervisor } from "@polyvisor/sdk/driver";
import { withFirmware } from "../command-line/index.js";
import { bhyveError } from "../errors.js";
import type { BackendParts } from "../guest/backend.js";
import type { BhyveGuest } from "../guest/guest.js";
import { readNative, writeNative } from "../native/index.js";

const FORMAT = "bhyve-argv";

/** Command lines of guests that nobody here started, and of those that somebody would start by hand. */
export function nativeHandlers(
  { host, log, services, firmwareFolder }: BackendParts,
  hypervisor: GuestHypervisor<BhyveGuest>,
): HypervisorHandlers {
  return {
    connectDomainXMLFromNative({ nativeFormat, nativeConfig, flags }) {
      checkFlags(flags, 0, "bhyveConnectDomainXMLFromNative", "BHYVE");
      checkFormat(nativeFormat, "unsupported config type");
      const { domain, warnings } = readNative(nativeConfig);
      for (const warning of warnings) log.warn({ warning }, "a part of a command line is left out");
      return formatDomain(domain);
    },
    async connectDomainXMLToNative({ nativeFormat, domainXml, flags }) {
      checkFlags(flags, 0, "bhyveConnectDomainXMLToNative", "BHYVE");
      checkFormat(nativeFormat, "Unsupported config type");
      const firmware = await host.firmware(firmwareFolder);
      const config = await services.withVolumes(withFirmware(hypervisor.read(domainXml), firmware));
      return writeNative(config, host.features);
    },
  };
}

function checkFormat(format: string, complaint: string): void {
  if (format !== FORMAT) throw bhyveError("INVALID_ARG", `${complaint} ${format}`, `the format is ${FORMAT}`);
}
