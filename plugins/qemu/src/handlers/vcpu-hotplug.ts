import { type JsonObject, objectOf, objects, textOf } from "../capabilities/json.js";
import { qemuError } from "../errors.js";
import type { Guest } from "../guest.js";

/** How long a guest may take to let go of a CPU, in milliseconds. It may refuse without a word. */
const UNPLUG_WAIT = 5_000;
const PERIPHERAL = "/machine/peripheral/";

/** A place that a CPU can be plugged into. */
interface Slot {
  readonly type: string;
  readonly props: JsonObject;
  /** Where the CPU is in QEMU's tree; those that were there from the start cannot be taken out. */
  readonly path: string | undefined;
}

/** Brings a running guest to `count` virtual CPUs by plugging. */
export async function plugVcpus(guest: Guest, count: number): Promise<void> {
  const difference = count - guest.config.vcpu.current;
  if (difference === 0) return;
  const slots = await slotsOf(guest);
  if (difference > 0) await plug(guest, slots, difference);
  else await unplug(guest, slots, -difference);
}

async function slotsOf(guest: Guest): Promise<Slot[]> {
  return objects(await guest.qmp("query-hotpluggable-cpus"))
    .map((slot) => ({
      type: textOf(slot, "type") ?? "",
      props: objectOf(slot, "props") ?? {},
      path: textOf(slot, "qom-path"),
    }))
    .reverse();
}

async function plug(guest: Guest, slots: readonly Slot[], wanted: number): Promise<void> {
  const free = slots.filter((slot) => slot.path === undefined).slice(0, wanted);
  if (free.length < wanted) throw notEnough();
  const used = new Set(slots.map((slot) => slot.path));
  for (const slot of free) {
    const id = freeId(used);
    await guest.qmp("device_add", { driver: slot.type, id, ...slot.props });
    used.add(`${PERIPHERAL}${id}`);
  }
}

function freeId(used: ReadonlySet<string | undefined>): string {
  for (let number = 0; ; number++) if (!used.has(`${PERIPHERAL}vcpu${number}`)) return `vcpu${number}`;
}

async function unplug(guest: Guest, slots: readonly Slot[], wanted: number): Promise<void> {
  const plugged = slots.flatMap(({ path }) => (path?.startsWith(PERIPHERAL) ? [path.slice(PERIPHERAL.length)] : []));
  if (plugged.length < wanted) throw notEnough();
  for (const id of plugged.reverse().slice(0, wanted)) await unplugOne(guest, id);
}

async function unplugOne(guest: Guest, id: string): Promise<void> {
  const gone = new Promise<boolean>((resolve) => {
    guest.unplugs.set(id, () => resolve(true));
    setTimeout(resolve, UNPLUG_WAIT, false);
  });
  try {
    await guest.qmp("device_del", { id });
    if (await gone) return;
  } finally {
    guest.unplugs.delete(id);
  }
  const detail = "vcpu unplug request timed out. Unplug result must be manually inspected in the domain";
  throw qemuError("OPERATION_TIMEOUT", detail);
}

function notEnough(): Error {
  const detail = "failed to find appropriate hotpluggable vcpus to reach the desired target vcpu count";
  return qemuError("CONFIG_UNSUPPORTED", detail, {
    hint: "only CPUs that were plugged into the running guest can be taken out of it",
  });
}
