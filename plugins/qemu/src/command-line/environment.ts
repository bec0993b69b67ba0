import { join } from "node:path";
import type { Runtime } from "./runtime.js";

/** What the emulator gets of our own environment. Its caches go to its own folder, and as root all that it writes. */
export function environmentOf(runtime: Runtime): readonly (readonly [name: string, value: string])[] {
  const { environment, privileged, libDir } = runtime;
  const own = (name: string): readonly (readonly [string, string])[] => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value]];
  };
  const cache = ["XDG_CACHE_HOME", join(libDir, ".cache")] as const;
  const common = [["LC_ALL", "C"] as const, ...own("PATH")];
  const person = [...own("USER"), ...own("LOGNAME")];
  if (!privileged) return [...common, ...own("HOME"), ...person, cache];
  return [
    ...common,
    ["HOME", libDir],
    ...person,
    ["XDG_DATA_HOME", join(libDir, ".local/share")],
    cache,
    ["XDG_CONFIG_HOME", join(libDir, ".config")],
  ];
}
