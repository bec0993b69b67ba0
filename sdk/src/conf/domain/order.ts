import type { Controller, Disk } from "./model/index.js";

const INDEX_MAX = 2 ** 31 - 1;

/** The number in a disk's name: `sda` 0, `sdb` 1, `sdaa` 26; -1 when it is not such a name. A partition does not count. */
export function diskNameIndex(name: string): number {
  const match = /^(?:fd|hd|vd|sd|xvd|ubd)([a-z]+)\d*$/.exec(name);
  const letters = match?.[1];
  if (letters === undefined) return -1;
  let index = 0;
  for (const letter of letters) index = index * 26 + (letter.charCodeAt(0) - 96);
  return index > INDEX_MAX ? -1 : index - 1;
}

/** Puts a disk beside those of its bus, in the order of their names. */
export function insertDisk(disks: Disk[], disk: Disk): void {
  const wanted = diskNameIndex(disk.target.dev);
  let insertAt = -1;
  for (let at = disks.length - 1; at >= 0; at--) {
    const other = disks[at];
    if (other === undefined || other.target.bus !== disk.target.bus) continue;
    if (diskNameIndex(other.target.dev) > wanted) insertAt = at;
    else if (insertAt === -1) insertAt = at + 1;
  }
  disks.splice(insertAt === -1 ? disks.length : insertAt, 0, disk);
}

/** Disks as `insertDisk` would put them one after the other: buses in the order in which they first come. */
export function orderDisks(disks: readonly Disk[]): readonly Disk[] {
  const buses = new Map<Disk["target"]["bus"], { readonly disk: Disk; readonly index: number }[]>();
  for (const disk of disks) {
    const others = buses.get(disk.target.bus) ?? [];
    others.push({ disk, index: diskNameIndex(disk.target.dev) });
    buses.set(disk.target.bus, others);
  }
  return [...buses.values()].flatMap((each) => each.sort((a, b) => a.index - b.index).map(({ disk }) => disk));
}

/** Puts a controller beside those of its type, in the order of their indexes, a master before its companions. */
export function insertController(controllers: Controller[], controller: Controller): void {
  let insertAt = -1;
  for (let at = controllers.length - 1; at >= 0; at--) {
    const other = controllers[at];
    if (other === undefined || other.type !== controller.type) continue;
    if (controller.index === -1) {
      insertAt = at + 1;
      break;
    }
    const beforeCompanion = !isCompanion(controller) && isCompanion(other) && other.index === controller.index;
    if (other.index > controller.index || beforeCompanion) insertAt = at;
    else if (insertAt === -1) insertAt = at + 1;
  }
  controllers.splice(insertAt === -1 ? controllers.length : insertAt, 0, controller);
}

/** Controllers as `insertController` would put them one after the other: types in the order in which they first come. */
export class ControllerList {
  readonly #types = new Map<Controller["type"], Controller[]>();

  add(controller: Controller): void {
    const known = this.#types.get(controller.type);
    if (known === undefined) this.#types.set(controller.type, [controller]);
    else known.push(controller);
  }

  /** Whether there are USB controllers, and all of them so far belong to another one. */
  get lacksUsbMaster(): boolean {
    return this.#types.get("usb")?.every(isCompanion) === true;
  }

  all(): readonly Controller[] {
    return [...this.#types.values()].flatMap(ordered);
  }
}

/** Of one type. A sort takes thousands of them in a moment; only where some have no index yet, the order depends on who came first. */
function ordered(controllers: readonly Controller[]): readonly Controller[] {
  if (controllers.every(({ index }) => index !== -1))
    return controllers.toSorted((a, b) => a.index - b.index || Number(isCompanion(a)) - Number(isCompanion(b)));
  const list: Controller[] = [];
  for (const controller of controllers) insertController(list, controller);
  return list;
}

function isCompanion(controller: Controller): boolean {
  return controller.type === "usb" && controller.masterStartport !== undefined;
}
