import { VirtError } from "@polyvisor/core";
import type { Domain as Config, Filesystem } from "@polyvisor/sdk/conf/domain";
import { shellWord } from "@polyvisor/sdk/process";
import type { OciMount } from "../bundle/oci.js";
import { rootOf } from "../root/check.js";

/** How the file systems of a container come to it. */
export interface FilesystemPlan {
  /** The folder that is the container's root; there once `setUp` has run. */
  readonly root: string;
  readonly readonlyRoot: boolean;
  /** Commands of a shell in the shim's own mount namespace, which mount what is on devices and in files; they go with it. */
  readonly setUp: readonly string[];
  /** What the engine mounts, in this order. */
  readonly mounts: readonly OciMount[];
}

/** Types that the kernel is asked to try are those that it knows: `mount` looks at the device itself. */
const AUTO = "auto";

/** `folder`: the container's own in the run directory, where what has no place of its own is mounted. */
export function planFilesystems(config: Config, folder: string): FilesystemPlan {
  const root = rootOf(config);
  const rootPlan = planRoot(root, `${folder}/root`);
  const others = config.devices.filesystems.filter((each) => each !== root);
  const plans = others.map((each, index) => planOther(each, { staging: `${folder}/fs${index}`, root: rootPlan.path }));
  return {
    root: rootPlan.path,
    readonlyRoot: root.readonly === true,
    setUp: [...rootPlan.setUp, ...plans.flatMap(({ setUp }) => setUp)],
    mounts: plans.map(({ mount }) => mount),
  };
}

function planRoot({ source, driver, readonly }: Filesystem, staging: string) {
  switch (source.type) {
    case "mount":
      if (source.dir === undefined) throw unsupported("mount");
      return { path: source.dir, setUp: [] };
    case "block":
      return { path: staging, setUp: stage(source.dev, staging, { readonly, loop: false }) };
    case "file":
      checkFileDriver(driver);
      return { path: staging, setUp: stage(source.file, staging, { readonly, loop: true }) };
    default:
      throw unsupported(source.type);
  }
}

interface OtherPlan {
  readonly setUp: readonly string[];
  readonly mount: OciMount;
}

function planOther(filesystem: Filesystem, place: { readonly staging: string; readonly root: string }): OtherPlan {
  const { source, driver, readonly } = filesystem;
  const destination = filesystem.target ?? "/";
  const access = readonly === true ? "ro" : "rw";
  const bind = (path: string): OciMount => ({ destination, type: "bind", source: path, options: ["rbind", access] });
  switch (source.type) {
    case "mount":
      if (source.dir === undefined) throw unsupported("mount");
      return { setUp: [], mount: bind(source.dir) };
    case "bind":
      return { setUp: [inRoot(place.root, source.dir)], mount: bind(`${place.root}/${source.dir}`) };
    case "ram":
      return {
        setUp: [],
        mount: { destination, type: "tmpfs", source: "tmpfs", options: [`size=${source.usage}k`, "nosuid", access] },
      };
    case "block":
      return {
        setUp: stage(source.dev, place.staging, { readonly, loop: false }),
        mount: bind(place.staging),
      };
    case "file":
      checkFileDriver(driver);
      return {
        setUp: stage(source.file, place.staging, { readonly, loop: true }),
        mount: bind(place.staging),
      };
    default:
      throw unsupported(source.type);
  }
}

/** A loop device that is made so goes with the mount. */
function stage(
  device: string,
  at: string,
  { readonly, loop }: { readonly readonly: boolean | undefined; readonly loop: boolean },
): string[] {
  const options = [readonly === true ? "ro" : "rw", ...(loop ? ["loop"] : [])].join(",");
  return [`mkdir -p ${shellWord(at)}`, `mount -t ${AUTO} -o ${options} -- ${shellWord(device)} ${shellWord(at)}`];
}

/** A folder of the container's that a link leads out of it is the host's, and is refused. */
function inRoot(root: string, folder: string): string {
  const [top, path] = [shellWord(root), shellWord(`${root}/${folder}`)];
  const message = shellWord(`${folder} is not in the container`);
  return `case "$(cd -P -- ${path} && pwd -P)/" in "$(cd -P -- ${top} && pwd -P)"/*) ;; *) echo ${message} >&2; exit 1;; esac`;
}

function checkFileDriver(driver: Filesystem["driver"]): void {
  const { type, format } = driver ?? {};
  if (type === "nbd" || (format !== undefined && format !== "raw")) {
    throw new VirtError("CONFIG_UNSUPPORTED", `file systems in files of format ${format ?? "auto"} are not supported`, {
      domain: "LXC",
      hint: "use a raw file: <driver type='loop' format='raw'/>",
    });
  }
  if (type === undefined || type === "loop") return;
  throw new VirtError("CONFIG_UNSUPPORTED", `fs driver ${type} is not supported`, { domain: "LXC", hint: "use loop" });
}

function unsupported(type: string): VirtError {
  return new VirtError("CONFIG_UNSUPPORTED", `Cannot mount filesystem type ${type}`, {
    domain: "LXC",
    hint: "there are mount, block, file, ram and bind",
  });
}
