import type { Domain } from "@polyvisor/sdk/conf/domain";
import { plainShellWord } from "@polyvisor/sdk/process";
import { bhyveArgv, loaderPlan } from "../command-line/index.js";
import type { BhyveFeatures } from "../conf/index.js";
import { unsupported } from "../errors.js";

/** Stands for what only a start finds out. */
const ANY = { taps: "tap0", deviceMap: "<device.map>" };

/** The commands that would start a guest, a line each. */
export function writeNative(domain: Domain, { bhyve, grubConsole }: BhyveFeatures): string {
  const { loader } = domain.os;
  const boots = domain.bootloader === undefined && loader !== undefined;
  if (boots && (loader.type !== "pflash" || loader.readonly !== "yes"))
    unsupported("Only read-only pflash is supported.", "<loader readonly='yes' type='pflash'>");
  if (boots && !bhyve.has("bootrom")) unsupported("Installed bhyve binary does not support bootrom");
  const before = loaderPlan(domain, { grubConsole, deviceMap: ANY.deviceMap });
  const taps = domain.devices.interfaces.map(() => ANY.taps);
  const [vnc] = domain.devices.graphics;
  const vncPort = (vnc?.type === "vnc" ? vnc.port : undefined) ?? 0;
  const commands = [...(before === undefined ? [] : [before.argv]), bhyveArgv(domain, bhyve, { taps, vncPort })];
  return commands.map((argv) => argv.map(plainShellWord).join(" ")).join("\n");
}
