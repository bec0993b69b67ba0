import type { Domain, Interface } from "@polyvisor/sdk/conf";
import type { LibxlFacts } from "../libxl/facts.js";
import { nicConnection, nicType } from "../libxl/nics.js";
import { guestAddresses } from "../vifs.js";
import { part } from "./xl-text.js";

/** Cards that are plugged in while the guest runs are not emulated where nothing is said. */
export type NicUse = "start" | "attach";

/** A network card as xl is told of it, for `vif = [...]` and, part by part, for `xl network-attach`. Throws what Xen cannot do. */
export function formatXlNic(each: Interface, domain: Domain, facts: LibxlFacts = {}, use: NicUse = "start"): string {
  const { bridge, script } = nicConnection(each, facts);
  const isEmulated = nicType(each, domain) === "vif_ioemu" && (use === "start" || each.model !== undefined);
  const average = each.bandwidth?.outbound?.average ?? 0;
  return [
    ...part("mac", each.mac?.address),
    ...part("bridge", bridge),
    ...part("script", script),
    ...part("ip", guestAddresses(each)),
    ...(domain.os.type === "hvm" ? [`type=${isEmulated ? "ioemu" : "vif"}`] : []),
    ...part("model", each.model),
    ...part("vifname", each.target?.dev),
    ...part("backend", each.backenddomain),
    // xl's kilobytes are thousands
    ...(average > 0 ? [`rate=${average * 1024}B/s`] : []),
  ].join(",");
}
