import type { Address, Domain, DriveAddress } from "../model/index.js";

/** Units of a controller that automatic addresses use. */
const UNITS = 7;

/** Which places on SCSI controllers a domain has given away. Made for one pass over its devices, in their order. */
export class ScsiPlaces {
  readonly #hostdevs: ReadonlySet<string>;
  readonly #taken: ReadonlySet<string>;
  #next = 0;

  constructor({ devices }: Domain) {
    this.#hostdevs = keysOf(devices.hostdevs.filter((each) => each.source.type === "scsi"));
    const disks = keysOf(devices.disks.filter((disk) => disk.target.bus === "scsi"));
    this.#taken = new Set([...disks, ...this.#hostdevs]);
  }

  /** Whether a device of the host was put there by whoever wrote the document. */
  hasHostdev(address: DriveAddress): boolean {
    return this.#hostdevs.has(keyOf(address));
  }

  /** The first place that is free, and was not given out before. */
  take(): DriveAddress {
    for (;;) {
      const at = this.#next++;
      const place: DriveAddress = {
        type: "drive",
        controller: Math.floor(at / UNITS),
        bus: 0,
        target: 0,
        unit: at % UNITS,
      };
      if (!this.#taken.has(keyOf(place))) return place;
    }
  }
}

function keysOf(devices: readonly { readonly address?: Address | undefined }[]): ReadonlySet<string> {
  return new Set(devices.flatMap(({ address }) => (address?.type === "drive" ? [keyOf(address)] : [])));
}

function keyOf({ controller, bus, target, unit }: DriveAddress): string {
  return `${controller}:${bus}:${target}:${unit}`;
}
