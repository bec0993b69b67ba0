import type { SecurityTarget } from "@polyvisor/core";
import { quotePath } from "./path-pattern.js";

/** What a guest may do with a path: `tree` is everything below it, `quiet` forbids to write without a line in the log. */
interface Grant {
  readonly path: string;
  readonly access: string;
  readonly tree?: boolean;
  readonly quiet?: boolean;
}

/** Letters of AppArmor: read, write, lock, link. */
const WHOLE = "rwk";
const LOOK = "rk";

/** What the emulator does with each kind of target; it opens images to lock them even where it only reads them. */
function grantsOf({ kind, path, readOnly }: SecurityTarget): readonly Grant[] {
  switch (kind) {
    case "image":
      return [readOnly ? { path, access: LOOK, quiet: true } : { path, access: WHOLE }];
    case "backing":
    case "loader":
      return [{ path, access: readOnly ? LOOK : WHOLE, quiet: readOnly }];
    case "nvram":
      return [{ path, access: WHOLE }];
    case "kernel":
      return [{ path, access: "r", quiet: true }];
    case "secret":
      return [{ path, access: "r" }];
    case "folder":
    case "memory":
      return [
        { path, access: WHOLE },
        { path, access: "rwlk", tree: true },
      ];
    case "export":
      return [{ path, access: readOnly ? "r" : "rwl", tree: true }];
    case "reach":
      // Among them are images that a client has opened.
      return [{ path, access: readOnly ? LOOK : WHOLE }];
    default:
      return [{ path, access: readOnly ? "r" : "rw" }];
  }
}

/** What some devices need beside their own node. */
const COMPANIONS: readonly { readonly of: RegExp; readonly rules: readonly string[] }[] = [
  { of: /^\/dev\/vfio\//, rules: ['"/dev/vfio/vfio" rw,'] },
  {
    of: /^\/dev\/dri\//,
    rules: [
      '"/dev/dri/" r,',
      '"/dev/nvidiactl" rw,',
      '"/etc/{drirc,glvnd/egl_vendor.d/{,*}}" r,',
      '"/usr/lib{,32,64}/{,@{multiarch}/}dri/*.so*" mr,',
      '"/usr/share/{drirc.d,glvnd/egl_vendor.d,egl/egl_external_platform.d}/{,*}" r,',
      '"@{PROC}/{modules,driver/nvidia/params}" r,',
      '"/sys/devices/**/{config,device,revision,subsystem_device,subsystem_vendor,uevent,vendor}" r,',
    ],
  },
];

/**
 * The rules that open a guest's targets to it, one a line, sorted, none twice. Paths are without symbolic links. A path that
 * is a target twice may be used in each of the ways: one that is written to is not refused quietly because it is read, too.
 */
export function rulesOf(targets: readonly SecurityTarget[]): readonly string[] {
  const grants = targets.flatMap(grantsOf);
  const written = new Set(grants.filter(({ access }) => access.includes("w")).map(({ path }) => path));
  const rules = grants.flatMap((grant) => ruleOf(grant, written));
  const more = COMPANIONS.flatMap(({ of, rules: its }) => (targets.some(({ path }) => of.test(path)) ? its : []));
  return [...new Set([...rules, ...more])].sort();
}

function ruleOf({ path, access, tree = false, quiet = false }: Grant, written: ReadonlySet<string>): readonly string[] {
  // A folder's own name ends in a slash.
  const names = tree ? [quotePath(path, "/"), quotePath(path, "/**")] : [quotePath(path)];
  const allowed = names.map((name) => `${name} ${access},`);
  return quiet && !written.has(path) ? [...allowed, `deny ${quotePath(path)} w,`] : allowed;
}
