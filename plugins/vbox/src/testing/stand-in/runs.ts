import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { checkOff, findMachine, now } from "./machines.js";
import { picture } from "./picture.js";
import { Refusal, syntax } from "./refusal.js";
import type { Machine, Snapshot, World } from "./state.js";
import type { Words } from "./words.js";

function enter(machine: Machine, state: string): string {
  machine.state = state;
  machine.since = now();
  if (state === "poweroff") machine.folders = machine.folders.filter(({ isTransient }) => !isTransient);
  return "";
}

export function startVm(world: World, words: Words): string {
  const machine = findMachine(world, words.take("machine"));
  const type = words.options({ "--type": "value" }).get("--type") ?? "gui";
  if (!["gui", "sdl", "headless", "separate"].includes(type)) throw syntax(`Invalid frontend type '${type}'`);
  checkOff(machine, "start");
  machine.settings.SessionName = type;
  enter(machine, "running");
  return `Waiting for VM "${machine.name}" to power on...\nVM "${machine.name}" has been successfully started.\n`;
}

export function controlVm(world: World, words: Words): string {
  const machine = findMachine(world, words.take("machine"));
  const action = words.take("action");
  const { state, name } = machine;
  if (state !== "running" && state !== "paused") throw new Refusal(`Machine '${name}' is not currently running.`);
  const needs = (wanted: string) => {
    if (state !== wanted)
      throw new Refusal(`Invalid machine state: ${state} (must be ${wanted})`, "VBOX_E_INVALID_VM_STATE");
  };
  switch (action) {
    case "pause":
      needs("running");
      return enter(machine, "paused");
    case "resume":
      needs("paused");
      return enter(machine, "running");
    case "reset":
      needs("running");
      return "";
    case "acpipowerbutton":
      needs("running");
      return enter(machine, "poweroff");
    case "poweroff":
      return enter(machine, "poweroff");
    case "savestate":
      return enter(machine, "saved");
    case "screenshotpng":
      writeFileSync(words.take("file"), picture());
      return "";
    case "keyboardputscancode":
      for (const word of words.rest) if (!/^[0-9a-f]{2}$/.test(word)) throw syntax(`Converting '${word}' returned`);
      world.typed.push(...words.rest);
      return "";
    default:
      throw syntax(`Invalid parameter '${action}'`);
  }
}

export function discardState(world: World, words: Words): string {
  const machine = findMachine(world, words.take("machine"));
  if (machine.state !== "saved") throw new Refusal("Cannot discard: no saved state", "VBOX_E_INVALID_VM_STATE");
  return enter(machine, "poweroff");
}

/** All snapshots of a machine, each with the path of its place: `-1-2` is the second child of the first's first child. */
function* snapshotsOf(snapshot: Snapshot | undefined, path = ""): Generator<{ snapshot: Snapshot; path: string }> {
  if (snapshot === undefined) return;
  yield { snapshot, path };
  for (const [index, child] of snapshot.children.entries()) yield* snapshotsOf(child, `${path}-${index + 1}`);
}

/** What is told of a machine's snapshots, key by key. */
export function* snapshotPairs(machine: Machine): Generator<[string, string]> {
  for (const { snapshot, path } of snapshotsOf(machine.snapshot)) {
    yield [`SnapshotName${path}`, snapshot.name];
    yield [`SnapshotUUID${path}`, snapshot.uuid];
    if (snapshot.description !== undefined) yield [`SnapshotDescription${path}`, snapshot.description];
    if (snapshot.uuid === machine.currentSnapshot) {
      yield ["CurrentSnapshotName", snapshot.name];
      yield ["CurrentSnapshotUUID", snapshot.uuid];
      yield ["CurrentSnapshotNode", `SnapshotName${path}`];
    }
  }
}

function findSnapshot(machine: Machine, name: string): Snapshot {
  for (const { snapshot } of snapshotsOf(machine.snapshot))
    if (snapshot.name === name || snapshot.uuid === name) return snapshot;
  throw new Refusal(`Could not find a snapshot named '${name}'`, "VBOX_E_OBJECT_NOT_FOUND");
}

export function snapshot(world: World, words: Words): string {
  const machine = findMachine(world, words.take("machine"));
  const action = words.take("action");
  if (action === "take") {
    const taken: Snapshot = {
      name: words.take("name"),
      uuid: randomUUID(),
      description: words.options({ "--description": "value", "--live": "flag" }).get("--description"),
      isOnline: machine.state !== "poweroff",
      taken: now(),
      children: [],
    };
    const above = machine.currentSnapshot;
    if (above === undefined) machine.snapshot = taken;
    else findSnapshot(machine, above).children.push(taken);
    machine.currentSnapshot = taken.uuid;
    return `Snapshot taken. UUID: ${taken.uuid}\n`;
  }
  if (action === "list") {
    words.options({ "--machinereadable": "flag" });
    const lines = [...snapshotPairs(machine)].map(([key, value]) => `${key}="${value}"\n`);
    if (lines.length === 0) throw new Refusal("This machine does not have any snapshots");
    return lines.join("");
  }
  const found = findSnapshot(machine, words.take("snapshot"));
  if (action === "restore") {
    checkOff(machine, "restore");
    machine.currentSnapshot = found.uuid;
    return enter(machine, found.isOnline ? "saved" : "poweroff");
  }
  if (action === "delete") return remove(machine, found);
  if (action === "showvminfo")
    return `Name:                        ${machine.name}\nState:                       ${found.isOnline ? "saved" : "powered off"} (since ${found.taken})\n`;
  throw syntax(`Invalid parameter '${action}'`);
}

function remove(machine: Machine, gone: Snapshot): string {
  if (gone.children.length > 1)
    throw new Refusal(`Snapshot '${gone.name}' has more than one child snapshot`, "VBOX_E_INVALID_OBJECT_STATE");
  const [child] = gone.children;
  const above = [...snapshotsOf(machine.snapshot)].find(({ snapshot: each }) => each.children.includes(gone))?.snapshot;
  if (above === undefined) machine.snapshot = child;
  else above.children.splice(above.children.indexOf(gone), 1, ...gone.children);
  if (machine.currentSnapshot === gone.uuid) machine.currentSnapshot = above?.uuid ?? child?.uuid;
  return "";
}
