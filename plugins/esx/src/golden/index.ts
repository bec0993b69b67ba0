import { readFileSync } from "node:fs";
import { VirtError } from "@polyvisor/core";
import { checkAbiStability, formatDomain, parseDomain } from "@polyvisor/sdk/conf/domain";
import { expectMode, expectUnwrapped, type GoldenRun, type GoldenSuites } from "@polyvisor/sdk/golden";
import { formatVmx, parseVmx, vmwareCapabilities, vmwareHooks } from "../vmx/index.js";

/** The made-up host of the data. */
const CAPABILITIES = vmwareCapabilities(true);

/** Files lie in a datastore called `datastore`, in `directory`; what is called `missing` is not there. */
function documentsName(name: string, allowMissing: boolean): string | undefined {
  const [, datastore, path] = /^\/vmfs\/volumes\/([^/]+)\/+(.+)$/.exec(name) ?? [];
  if (datastore !== undefined && path !== undefined) {
    if (datastore !== "missing" && !path.startsWith("missing")) return `[${datastore}] ${path}`;
    if (allowMissing) return undefined;
    throw new VirtError("INTERNAL_ERROR", `Referenced missing file '${name}'`);
  }
  if (name.startsWith("/")) return name;
  if (name.includes("/")) throw new VirtError("INTERNAL_ERROR", `a relative path: ${name}`);
  return `[datastore] directory/${name}`;
}

function filesName(source: string): string {
  const [, datastore, path = ""] = /^\[([^\]]+)\] *(.*)$/.exec(source) ?? [];
  if (datastore !== undefined) return `/vmfs/volumes/${datastore}/${path}`;
  if (source.startsWith("/")) return source;
  throw new VirtError("INTERNAL_ERROR", `a relative path: ${source}`);
}

const vmx2xml: GoldenRun = async (row, files) => {
  const datacenterPath = row.case === "datacenterpath" ? "folder1/folder2/datacenter1" : undefined;
  const printed = await expectMode(row, () => {
    const reading = { fileName: documentsName, datacenterPath };
    const domain = parseVmx(readFileSync(files.path(row.input)), reading, CAPABILITIES);
    checkAbiStability(domain, domain);
    return formatDomain(domain, { secure: true });
  });
  if (printed !== undefined) expectUnwrapped(files, row.expected, printed);
};

const xml2vmx: GoldenRun = async (row, files) => {
  const printed = await expectMode(row, () => {
    const domain = parseDomain(files.text(row.input), { hooks: vmwareHooks(CAPABILITIES) });
    checkAbiStability(domain, domain);
    const hardwareVersion = Number(row.virtualHWVersion);
    return formatVmx(domain, { hardwareVersion, fileName: filesName, scsiModel: () => "lsilogic" });
  });
  if (printed !== undefined) expectUnwrapped(files, row.expected, printed);
};

const suites: GoldenSuites = { vmx2xml: () => vmx2xml, xml2vmx: () => xml2vmx };
export default suites;
