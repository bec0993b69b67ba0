import { findMachine } from "./machines.js";
import { snapshotPairs } from "./runs.js";
import type { Machine, World } from "./state.js";
import type { Words } from "./words.js";

const quoted = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;
/** Numbers stand without quotes. */
const NUMBERS = ["memory", "vram", "cpus", "monitorcount"];

export function showVmInfo(world: World, words: Words): string {
  const machine = findMachine(world, words.take("machine"));
  const isMachineReadable = words.options({ "--machinereadable": "flag" }).has("--machinereadable");
  if (!isMachineReadable) return `Name:            ${machine.name}\nUUID:            ${machine.uuid}\n`;
  return [...pairsOf(world, machine)].map(([key, value]) => `${key}=${value}\n`).join("");
}

function* pairsOf({ media }: World, machine: Machine): Generator<[string, string]> {
  const { settings, controllers, attachments, folders, forwards } = machine;
  const isRunning = machine.state === "running" || machine.state === "paused";
  yield ["name", quoted(machine.name)];
  yield ["groups", quoted("/")];
  yield ["UUID", quoted(machine.uuid)];
  for (const [key, value] of Object.entries(settings)) {
    if (key === "SessionName" && !isRunning) continue;
    yield [key, NUMBERS.includes(key) ? value : quoted(value)];
  }
  yield ["VMState", quoted(machine.state)];
  yield ["VMStateChangeTime", quoted(machine.since)];
  for (const [index, { name, type, ports }] of controllers.entries()) {
    yield [`storagecontrollername${index}`, quoted(name)];
    yield [`storagecontrollertype${index}`, quoted(type)];
    yield [`storagecontrollermaxportcount${index}`, quoted(String(ports))];
  }
  for (const { name, ports } of controllers) {
    for (let port = 0; port < Math.min(ports, 4); port++) {
      for (const device of name.startsWith("IDE") || name.startsWith("Floppy") ? [0, 1] : [0]) {
        const at = attachments.find((each) => each.controller === name && each.port === port && each.device === device);
        const medium = media.find(({ uuid }) => uuid === at?.medium);
        const shown = medium?.path ?? (at === undefined ? "none" : "emptydrive");
        yield [quoted(`${name}-${port}-${device}`), quoted(shown)];
        if (medium !== undefined) yield [quoted(`${name}-ImageUUID-${port}-${device}`), quoted(medium.uuid)];
      }
    }
  }
  for (const [index, rule] of Object.values(forwards).entries()) yield [`Forwarding(${index})`, quoted(rule)];
  for (const kind of ["Machine", "Transient"]) {
    const shown = folders.filter(({ isTransient }) => isTransient === (kind === "Transient"));
    for (const [index, { name, path }] of shown.entries()) {
      yield [`SharedFolderName${kind}Mapping${index + 1}`, quoted(name)];
      yield [`SharedFolderPath${kind}Mapping${index + 1}`, quoted(path)];
    }
  }
  for (const [key, value] of snapshotPairs(machine)) yield [key, quoted(value)];
  yield ["GuestMemoryBalloon", "0"];
}

export function getExtraData(world: World, words: Words): string {
  const { extra } = findMachine(world, words.take("machine"));
  const key = words.take("key");
  if (key === "enumerate")
    return Object.entries(extra)
      .map(([name, value]) => `Key: ${name}, Value: ${value}\n`)
      .join("");
  return extra[key] === undefined ? "No value set!\n" : `Value: ${extra[key]}\n`;
}

export function setExtraData(world: World, words: Words): string {
  const machine = findMachine(world, words.take("machine"));
  const key = words.take("key");
  const [value] = words.rest;
  if (value === undefined) delete machine.extra[key];
  else machine.extra[key] = value;
  return "";
}
