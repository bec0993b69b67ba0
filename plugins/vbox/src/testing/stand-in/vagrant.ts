import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { findMachine, newMachine } from "./machines.js";
import { syntax } from "./refusal.js";
import type { World } from "./state.js";
import type { Words } from "./words.js";

/** Makes a machine of an appliance, whatever is in it; vagrant names the machine with `--vsys 0 --vmname`. */
export function importAppliance(world: World, words: Words, folder: string): string {
  const { options, others } = words.mixed({
    ...{ "-n": "flag", "--vsys": "value", "--vmname": "value", "--unit": "value", "--disk": "value" },
  });
  if (others.length !== 1) throw syntax("Empty argument list");
  if (options.has("-n"))
    return 'Interpreting...\nVirtual system 0:\n 0: Suggested OS type: "Other"\n 1: Suggested VM name "box"\n    (change with "--vsys 0 --vmname <name>")\n';
  const machine = newMachine(folder, options.get("--vmname") ?? "box", randomUUID());
  const path = machine.settings.CfgFile ?? "";
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "<VirtualBox/>\n");
  world.machines.push(machine);
  return `0%...100%\nSuccessfully imported the appliance.\n`;
}

export function guestProperty(world: World, words: Words): string {
  if (words.take("action") !== "get") throw syntax("the stand-in has properties to read");
  findMachine(world, words.take("machine"));
  return "No value set!\n";
}
