import { join } from "node:path";
import type { Runtime } from "./runtime.js";

/** What the emulator gets of our own environment. As root it must not write into root's home. */
export function environmentOf(runtime: Runtime): readonly (readonly [name: string, value: string])[] {
  const { environment, privileged, libDir } = runtime;
  const own = (name: string): readonly (readonly [string, string])[] => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value]];
  };
  const home: readonly (readonly [string, string])[] = privileged ? [["HOME", libDir]] : own("HOME");
  const folders: readonly (readonly [string, string])[] = privileged
    ? [
        ["XDG_DATA_HOME", join(libDir, ".local/share")],
        ["XDG_CACHE_HOME", join(libDir, ".cache")],
        ["XDG_CONFIG_HOME", join(libDir, ".config")],
      ]
    : [];
  return [["LC_ALL", "C"], ...own("PATH"), ...home, ...own("USER"), ...own("LOGNAME"), ...folders];
}
