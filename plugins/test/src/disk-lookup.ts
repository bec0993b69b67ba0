import type { Domain as Config, Disk } from "@polyvisor/sdk/conf";
import { sourcePath } from "@polyvisor/sdk/conf/moment";

/** A disk by its target or by the path of its source: of several with that path the first, where `ambiguous` allows it. */
export function diskNamed({ devices }: Config, name: string, ambiguous: boolean): Disk | undefined {
  if (!name.startsWith("/")) return devices.disks.find(({ target }) => target.dev === name);
  const [found, second] = devices.disks.filter(({ source }) => sourcePath(source) === name);
  return second === undefined || ambiguous ? found : undefined;
}
