import { CONSOLE_FLAG, type DomainLifecycleHandlers } from "@polyvisor/core";
import { checkFlags, xenError } from "../errors.js";
import type { XenHypervisor } from "../hypervisor.js";
import { relayTerminal } from "../terminal.js";

/** Streams to the terminals that xenconsoled and device models keep in dom0: one client at a time for each domain. */
export function consoleHandlers(hypervisor: XenHypervisor): DomainLifecycleHandlers {
  return {
    async domainOpenConsole({ dom, devName, flags }) {
      checkFlags(flags, CONSOLE_FLAG.FORCE | CONSOLE_FLAG.SAFE, "libxlDomainOpenConsole");
      const domain = hypervisor.guests.domains.find(dom);
      const { id } = domain.active();
      const { consoles, serials } = domain.config().devices;
      const index = devName === null ? 0 : consoles.findIndex(({ alias }) => alias === devName);
      const device = consoles[index] ?? (devName === null ? serials[0] : undefined);
      if (device === undefined || id === 0)
        throw xenError("INTERNAL_ERROR", `cannot find character device ${devName ?? "<null>"}`, "give it a <console>");
      const isSerial = device.target.type === "serial" || device.kind === "serial";
      const where = isSerial ? `serial/0/tty` : index === 0 ? "console/tty" : `device/console/${index}/tty`;
      const path = await hypervisor.session.xenstore.read(`/local/domain/${id}/${where}`);
      if (!path) throw xenError("INTERNAL_ERROR", `character device ${devName ?? "<null>"} is not using a PTY`);
      if (domain.console?.destroyed === false && (flags & CONSOLE_FLAG.FORCE) === 0)
        throw xenError("OPERATION_FAILED", "Active console session exists for this domain", "--force takes it over");
      domain.console?.destroy();
      domain.console = relayTerminal(hypervisor.session.dom0, path);
      return domain.console;
    },
  };
}
