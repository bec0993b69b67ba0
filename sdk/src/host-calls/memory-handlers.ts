import { access, readdir, readFile, writeFile } from "node:fs/promises";
import { checkFlags, type HostHandlers, type TypedParam, VirtError } from "@polyvisor/core";
import { checkParams, STRING_OKAY } from "../typed-params/index.js";

const KSM = "/sys/kernel/mm/ksm";
const NODES = "/sys/devices/system/node";
/** The files of shared memory, in libvirt's order; those that can be written are numbers of 32 bits. */
const PARAMETERS = [
  { file: "pages_to_scan", kind: "uint" },
  { file: "sleep_millisecs", kind: "uint" },
  { file: "pages_shared", kind: "ullong" },
  { file: "pages_sharing", kind: "ullong" },
  { file: "pages_unshared", kind: "ullong" },
  { file: "pages_volatile", kind: "ullong" },
  { file: "full_scans", kind: "ullong" },
  { file: "merge_across_nodes", kind: "uint" },
] as const;
const ADD = 0;
const SET = 1;

/** Memory of the host: pages that processes share, and large ones. */
export function hostMemoryHandlers(caller: string): HostHandlers {
  return {
    async nodeGetMemoryParameters({ flags }) {
      checkFlags(flags, STRING_OKAY, `${caller}NodeGetMemoryParameters`, "DOM");
      const found = await Promise.all(PARAMETERS.map(readParameter));
      return found.filter((each) => each !== undefined);
    },
    async nodeSetMemoryParameters({ params, flags }) {
      checkFlags(flags, 0, `${caller}NodeSetMemoryParameters`, "DOM");
      const writable = PARAMETERS.filter(({ kind }) => kind === "uint");
      checkParams(params, Object.fromEntries(writable.map(({ file }) => [`shm_${file}`, "uint"])));
      for (const { field, value } of params) await writeParameter(field.slice("shm_".length), value);
    },
    async nodeGetFreePages({ pages, startCell, cellCount, flags }) {
      checkFlags(flags, 0, `${caller}NodeGetFreePages`, "DOM");
      const cells = await cellsFrom(startCell, cellCount);
      const wanted = cells.flatMap((cell) => pages.map((size) => ({ cell, size })));
      return Promise.all(wanted.map(freePages));
    },
    async nodeAllocPages({ pageSizes, pageCounts, startCell, cellCount, flags }) {
      checkFlags(flags, SET, `${caller}NodeAllocPages`, "DOM");
      const mode = flags & SET ? SET : ADD;
      let done = 0;
      for (const cell of await cellsFrom(startCell, cellCount)) {
        for (const [index, size] of pageSizes.entries()) {
          await allocate({ cell, size }, pageCounts[index] ?? 0n, mode);
          done += 1;
        }
      }
      return done;
    },
  };
}

async function readParameter({ file, kind }: (typeof PARAMETERS)[number]): Promise<TypedParam | undefined> {
  const text = await readFile(`${KSM}/${file}`, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const field = `shm_${file}`;
  return kind === "uint"
    ? { field, type: "uint", value: Number(text) }
    : { field, type: "ullong", value: BigInt(text.trim()) };
}

async function writeParameter(file: string, value: unknown): Promise<void> {
  const path = `${KSM}/${file}`;
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    throw new VirtError("OPERATION_INVALID", `Parameter '${file}' is not supported by this kernel`, {
      hint: "the kernel was built without what shares pages of processes (KSM)",
    });
  }
  await writeFile(path, `${value}`);
}

/** Of those that are asked for the nodes that there are: the first one must be, unless it is -1, which means the whole host. */
async function cellsFrom(start: number, count: number): Promise<number[]> {
  const nodes = (await readdir(NODES).catch(() => [])).flatMap((name) => /^node(\d+)$/.exec(name)?.[1] ?? []);
  const last = Math.max(0, ...nodes.map(Number));
  if (start > last) {
    throw new VirtError("INTERNAL_ERROR", `start cell ${start} out of range (0-${last})`, {
      hint: "`virsh capabilities` lists the nodes",
    });
  }
  return Array.from({ length: Math.min(count, last - start + 1) }, (_, index) => start + index);
}

interface Pages {
  readonly cell: number;
  /** KiB. */
  readonly size: number;
}

/** A cell that is not there, as well as a size that the host has not, is refused. */
async function folderOf({ cell, size }: Pages): Promise<string> {
  const folder = cell < 0 ? "/sys/kernel/mm/hugepages" : `${NODES}/node${cell}/hugepages`;
  const sizes = await readdir(folder).catch(() => undefined);
  const name = `hugepages-${size}kB`;
  if (sizes?.includes(name)) return `${folder}/${name}`;
  throw new VirtError("OPERATION_FAILED", `page size ${size} is not available on node ${cell}`, {
    hint: "`virsh capabilities` lists the sizes of each node",
  });
}

async function freePages(pages: Pages): Promise<bigint> {
  if (pages.size * 1024 === ORDINARY_BYTES) return ordinaryFree(pages.cell);
  return BigInt((await readFile(`${await folderOf(pages)}/free_hugepages`, "utf8")).trim());
}

const ORDINARY_BYTES = 4096;

async function ordinaryFree(cell: number): Promise<bigint> {
  const path = cell < 0 ? "/proc/meminfo" : `${NODES}/node${cell}/meminfo`;
  const text = await readFile(path, "utf8").catch(() => readFile("/proc/meminfo", "utf8"));
  return (BigInt(/MemFree:\s*(\d+) kB/.exec(text)?.[1] ?? 0) * 1024n) / BigInt(ORDINARY_BYTES);
}

/** The kernel gives as many as it can find together: fewer than were asked for are a failure. */
async function allocate(pages: Pages, count: bigint, mode: number): Promise<void> {
  const file = `${await folderOf(pages)}/nr_hugepages`;
  const before = BigInt((await readFile(file, "utf8")).trim());
  const wanted = mode === SET ? count : before + count;
  await writeFile(file, `${wanted}`);
  const after = BigInt((await readFile(file, "utf8")).trim());
  if (after === wanted) return;
  throw new VirtError("OPERATION_FAILED", `Unable to allocate ${count} pages. Allocated only ${after - before}`, {
    hint: "free memory is in pieces: allocate large pages when the host boots",
  });
}
