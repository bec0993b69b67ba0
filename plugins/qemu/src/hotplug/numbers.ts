import type { Disk } from "@polyvisor/sdk/conf/domain";
import { numberDisk } from "../command-line/index.js";
import { sourcesBelow } from "../image-chain.js";
import type { Environment } from "./environment.js";

/** Images that were found below one have had a number by then, which is not used again. */
export function withNumbers({ guest }: Environment, disk: Disk, wanted: Disk): Disk {
  const found = wanted.backingStore === undefined ? sourcesBelow(disk.backingStore).length : 0;
  const numbered = numberDisk(disk, guest.images + found);
  guest.images = numbered.last;
  return numbered.disk;
}
