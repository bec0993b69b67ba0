import type { HypervisorHandlers } from "@polyvisor/core";
import type { Server } from "../server.js";
import { esxError } from "../soap/error.js";
import { group, ref, text } from "../soap/message.js";
import type { Value } from "../soap/reply.js";

interface AutostartConfig {
  /** Whether the host starts anything by itself. */
  readonly enabled: boolean;
  readonly machines: readonly Value[];
}

async function readConfig({ facts, primary }: Server): Promise<AutostartConfig> {
  const manager = await facts.manager("autoStartManager");
  const found = await primary.session.retrieveOne(manager, ["config.defaults", "config.powerInfo"]);
  const defaults = found.get("config.defaults");
  if (defaults === undefined) {
    throw esxError("INTERNAL_ERROR", "Could not retrieve the AutoStartDefaults object");
  }
  return { enabled: defaults.isAt("enabled"), machines: found.get("config.powerInfo")?.members ?? [] };
}

/** The server's names of the machines that start with the host. */
export async function autostarted(server: Server): Promise<ReadonlySet<string>> {
  const { enabled, machines } = await readConfig(server);
  if (!enabled) return new Set();
  const starting = machines.filter((each) => each.textAt("startAction")?.toLowerCase() === "poweron");
  return new Set(starting.map((each) => each.at("key")?.ref.value ?? ""));
}

/** Machines that start with their host: the host has a switch for all, and one for each. */
export function autostartHandlers(server: Server): HypervisorHandlers {
  const { machines, facts, primary } = server;
  return {
    async domainGetAutostart({ dom }) {
      const machine = await machines.look(dom.uuid);
      return (await autostarted(server)).has(machine.ref.value);
    },
    async domainSetAutostart({ dom, autostart }) {
      const machine = await machines.find(dom.uuid);
      let defaults = "";
      if (autostart) {
        const config = await readConfig(server);
        const others = config.machines.some((each) => each.at("key")?.ref.value !== machine.ref.value);
        if (!config.enabled && others) {
          const detail = "Cannot enable general autostart option without affecting other domains";
          throw esxError("OPERATION_INVALID", detail, "enable it with another tool, having looked at the others");
        }
        if (!config.enabled) defaults = group("defaults", text("enabled", true));
      }
      const info =
        ref("key", machine.ref) +
        // -1 is the host's own choice
        text("startOrder", -1) +
        text("startDelay", -1) +
        text("waitForHeartbeat", "systemDefault") +
        text("startAction", autostart ? "powerOn" : "none") +
        text("stopDelay", -1) +
        text("stopAction", "none");
      const manager = await facts.manager("autoStartManager");
      await primary.session.call("ReconfigureAutostart", manager, group("spec", defaults + group("powerInfo", info)));
    },
  };
}
