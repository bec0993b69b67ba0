import { basename } from "node:path";
import { type Domain, parseDomain } from "@polyvisor/sdk/conf/domain";
import {
  expectLiteral,
  expectMode,
  expectUnwrapped,
  type GoldenCase,
  type GoldenFiles,
  type GoldenRun,
  shellText,
} from "@polyvisor/sdk/golden";
import { bhyveArgv, type FirmwareFolder, type LoaderPlan, loaderPlan, withFirmware } from "../command-line/index.js";
import { bhyveHooks } from "../conf/index.js";
import { CAPABILITIES, featuresOf, newMac } from "./rows.js";

/** What the data's host gives a guest. */
const TAP = "faketapdev";
const VNC_PORT = 5900;
const DEVICE_MAP = "<device.map>";

const FIRMWARE: Readonly<Record<string, FirmwareFolder>> = {
  fake: { path: "fakefirmwaredir", files: ["BHYVE_UEFI.fd", "BHYVE_UEFI_CSM.fd", "refind_x64.efi"] },
  empty: { path: "fakefirmwareemptydir", files: [] },
};

/** From a document to the commands of a guest, and the map of its disks. */
export function bhyvexml2argv(): GoldenRun {
  return async (row, files) => {
    const commands = await expectMode(row, () => commandsOf(row, files));
    if (commands === undefined) return;
    const { bhyve, loader, deviceMap } = commands;
    const extra = (suffix: string) => row.extraExpected.find((path) => path.endsWith(suffix)) ?? null;
    expectLiteral(files, row.expected, bhyve);
    expectLiteral(files, extra(".ldargs"), loader);
    const map = extra(".devmap");
    if (map !== null) expectUnwrapped(files, map, deviceMap?.trimEnd() ?? "");
    else if (deviceMap !== undefined) throw new Error("there is a map of disks, and none is expected");
  };
}

interface CommandTexts {
  readonly bhyve: string;
  readonly loader: string;
  readonly deviceMap: string | undefined;
}

function commandsOf(row: GoldenCase, files: GoldenFiles): CommandTexts {
  const features = featuresOf(row);
  const hooks = bhyveHooks(CAPABILITIES, features.bhyve);
  const written = parseDomain(files.text(row.input), { hooks, newMac });
  const domain = withFirmware(written, firmwareOf(row));
  const taps = domain.devices.interfaces.map(() => TAP);
  const loader = loaderOf(domain, features.grubConsole);
  return {
    bhyve: withoutFolder(bhyveArgv(domain, features.bhyve, { taps, vncPort: VNC_PORT })),
    loader: withoutFolder(loader?.argv ?? ["dummy"]),
    deviceMap: loader?.deviceMap,
  };
}

function loaderOf(domain: Domain, grubConsole: boolean): LoaderPlan | undefined {
  return loaderPlan(domain, { grubConsole, deviceMap: DEVICE_MAP });
}

function firmwareOf(row: GoldenCase): FirmwareFolder {
  const folder = FIRMWARE[String(row.firmwareDir)];
  if (folder === undefined) throw new Error(`a row names a folder that is not known here: ${row.firmwareDir}`);
  return folder;
}

function withoutFolder([program = "", ...args]: readonly string[]): string {
  return shellText({}, [basename(program), ...args]);
}
