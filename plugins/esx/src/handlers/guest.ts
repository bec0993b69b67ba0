import { isIP } from "node:net";
import { checkFlags, type HypervisorHandlers } from "@polyvisor/core";
import { powerState } from "../machine.js";
import type { Server } from "../server.js";
import { esxError } from "../soap/error.js";
import type { Value } from "../soap/reply.js";
import { expectPower } from "./power.js";

const SOURCE_AGENT = 1;
const IPV4 = 0;
const IPV6 = 1;

/** What VMware Tools in a guest tell of it. */
export function guestHandlers({ machines }: Server): HypervisorHandlers {
  return {
    async domainGetHostname({ dom, flags }) {
      checkFlags(flags, 0, "esxDomainGetHostname", "ESX");
      const found = await machines.properties(dom.uuid, ["runtime.powerState", "guest.hostName"]);
      expectPower(powerState(found), "poweredOn");
      const name = found.text("guest.hostName");
      if (name !== undefined) return name;
      const detail = "hostName field not available (missing VMware Tools?)";
      throw esxError("OPERATION_INVALID", detail, "install open-vm-tools in the guest");
    },
    async domainInterfaceAddresses({ dom, source, flags }) {
      checkFlags(flags, 0, "esxDomainInterfaceAddresses", "ESX");
      if (source !== SOURCE_AGENT) {
        const detail = `Unknown IP address data source ${source}`;
        throw esxError("ARGUMENT_UNSUPPORTED", detail, "the guest's tools alone tell of addresses: --source agent");
      }
      const found = await machines.properties(dom.uuid, ["runtime.powerState", "guest.net"]);
      expectPower(powerState(found), "poweredOn");
      const cards = found.get("guest.net")?.members ?? [];
      if (cards.length === 0) {
        const hint = "install open-vm-tools in the guest";
        throw esxError("INTERNAL_ERROR", "Missing property 'guest.net' in answer", hint);
      }
      return cards
        .filter((card) => card.isAt("connected") && card.at("network") !== undefined)
        .map((card) => ({
          name: card.textAt("network") ?? "",
          hwaddr: card.textAt("macAddress") ?? null,
          addrs: addressesOf(card),
        }));
    },
  };
}

function addressesOf(card: Value): { type: number; addr: string; prefix: number }[] {
  const config = card.at("ipConfig");
  const written =
    config === undefined
      ? card.all("ipAddress").map((each) => ({ addr: each.text, prefix: 0 }))
      : config.all("ipAddress").map((each) => ({
          addr: each.textAt("ipAddress") ?? "",
          prefix: each.numberAt("prefixLength") ?? 0,
        }));
  return written
    .filter(({ addr }) => isIP(addr) !== 0)
    .map(({ addr, prefix }) => ({ type: isIP(addr) === 4 ? IPV4 : IPV6, addr, prefix }));
}
