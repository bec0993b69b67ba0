import { shellWord } from "@polyvisor/sdk/process";
import type { XenHypervisor } from "./hypervisor.js";

/** What dom0's kernel has counted for a disk. */
export interface DiskFigures {
  readonly rdReq: bigint;
  readonly rdBytes: bigint;
  readonly wrReq: bigint;
  readonly wrBytes: bigint;
  readonly flushReq: bigint;
  readonly errs: bigint;
}

/** What dom0's kernel has counted for the host's end of a card: what the guest sends is received there. */
export interface CardFigures {
  readonly rxBytes: bigint;
  readonly rxPackets: bigint;
  readonly rxErrs: bigint;
  readonly rxDrop: bigint;
  readonly txBytes: bigint;
  readonly txPackets: bigint;
  readonly txErrs: bigint;
  readonly txDrop: bigint;
}

/** Bytes of a sector, as the kernel counts them. */
const SECTOR = 512n;

/**
 * The number by which Xen knows a disk of that name (`xvda` is 51712), which is also that of its device in dom0's sysfs;
 * `undefined` for a name that Xen has not.
 */
export function deviceNumber(target: string): number | undefined {
  const match = /^(xvd|hd|sd)([a-z]{1,2})(\d+)?$/.exec(target);
  if (match === null) return undefined;
  const [, family, letters = "", partition = "0"] = match;
  const disk = [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 96, 0) - 1;
  const part = Number(partition);
  if (family === "xvd")
    return disk < 16 && part < 16 ? (202 << 8) | (disk << 4) | part : (1 << 28) | (disk << 8) | part;
  if (family === "sd") return disk < 16 && part < 16 ? (8 << 8) | (disk << 4) | part : undefined;
  return disk < 4 && part < 64 ? ((disk < 2 ? 3 : 22) << 8) | ((disk & 1) << 6) | part : undefined;
}

/** Reads `PATH:VALUE` lines, which `grep -H` prints of many files at once. */
export function parseFigures(text: string): ReadonlyMap<string, bigint> {
  const figures = new Map<string, bigint>();
  for (const line of text.split("\n")) {
    const match = /^(.*):(\d+)\s*$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) figures.set(match[1], BigInt(match[2]));
  }
  return figures;
}

const DISK_FILES = ["rd_req", "wr_req", "rd_sect", "wr_sect", "f_req", "oo_req"] as const;
const CARD_FILES = ["bytes", "packets", "errors", "dropped"] as const;

const diskFolder = (id: number, device: number) => `/sys/bus/xen-backend/devices/vbd-${id}-${device}/statistics`;
const cardFolder = (name: string) => `/sys/class/net/${name}/statistics`;

/** What to look at: disks by the domain's id and their number, cards by their names in dom0. */
export interface Wanted {
  readonly disks: readonly { readonly id: number; readonly device: number }[];
  readonly cards: readonly string[];
}

/** Everything that is wanted, in one command. */
export class Figures {
  readonly #values: ReadonlyMap<string, bigint>;

  constructor(values: ReadonlyMap<string, bigint>) {
    this.#values = values;
  }

  static async read({ xl }: XenHypervisor, { disks, cards }: Wanted): Promise<Figures> {
    const files = [
      ...disks.flatMap(({ id, device }) => DISK_FILES.map((file) => `${diskFolder(id, device)}/${file}`)),
      ...cards.flatMap((name) =>
        ["rx", "tx"].flatMap((way) => CARD_FILES.map((file) => `${cardFolder(name)}/${way}_${file}`)),
      ),
    ];
    if (files.length === 0) return new Figures(new Map());
    const script = `grep -sH . ${files.map(shellWord).join(" ")} || true`;
    return new Figures(parseFigures(await xl.script(script, "cannot read statistics in dom0")));
  }

  /** `undefined` where the disk has none: the kernel does not serve it. */
  disk(id: number, device: number): DiskFigures | undefined {
    const of = (file: (typeof DISK_FILES)[number]) => this.#values.get(`${diskFolder(id, device)}/${file}`);
    const rdReq = of("rd_req");
    if (rdReq === undefined) return undefined;
    return {
      rdReq,
      wrReq: of("wr_req") ?? 0n,
      rdBytes: (of("rd_sect") ?? 0n) * SECTOR,
      wrBytes: (of("wr_sect") ?? 0n) * SECTOR,
      flushReq: of("f_req") ?? 0n,
      errs: of("oo_req") ?? 0n,
    };
  }

  /** As the guest sees it. `undefined` where there is no such card. */
  card(name: string): CardFigures | undefined {
    const of = (file: string) => this.#values.get(`${cardFolder(name)}/${file}`) ?? 0n;
    if (!this.#values.has(`${cardFolder(name)}/rx_bytes`)) return undefined;
    return {
      rxBytes: of("tx_bytes"),
      rxPackets: of("tx_packets"),
      rxErrs: of("tx_errors"),
      rxDrop: of("tx_dropped"),
      txBytes: of("rx_bytes"),
      txPackets: of("rx_packets"),
      txErrs: of("rx_errors"),
      txDrop: of("rx_dropped"),
    };
  }
}
