import { formatSysinfo, readSysinfo, type SysinfoSource } from "../../conf/index.js";
import { childElements, parseXml, textOf } from "../../xml/index.js";
import type { GoldenCase, GoldenFiles, GoldenSuites } from "../case.js";
import { expectUnwrapped } from "../compare.js";

/** The architecture whose reader a row asks for. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  virSysinfoReadDMI: "x86_64",
  virSysinfoReadARM: "aarch64",
  virSysinfoReadPPC: "ppc64",
  virSysinfoReadS390: "s390x",
};

/** The row's files by their roles: what dmidecode prints or /proc/sysinfo says, and /proc/cpuinfo. */
function fakeHost(row: GoldenCase, files: GoldenFiles): SysinfoSource {
  const paths = [row.input, ...row.extraInputs].filter((path) => path !== null);
  const text = async (ending: string): Promise<string> => files.text(paths.find((path) => path.endsWith(ending)));
  return {
    file: (path) => text(path === "/proc/cpuinfo" ? "cpuinfo.data" : "sysinfo.data"),
    dmidecode: (args) =>
      args[0] === "--dump" ? rawString(files.text(row.expected), Number(args[2])) : text("sysinfo.data"),
  };
}

/** A string with line breaks stands nowhere but in the expected output. */
async function rawString(expected: string, number: number): Promise<string> {
  const strings = childElements(parseXml(expected)).find((each) => each.name === "oemStrings");
  const entry = strings && childElements(strings, "entry")[number - 1];
  if (entry === undefined) throw new Error(`there is no string ${number}`);
  return textOf(entry);
}

export const sysinfoSuites: GoldenSuites = {
  sysinfo: () => async (row, files) => {
    const arch = ARCHITECTURES[String(row.func)];
    if (arch === undefined) throw new Error(`unknown reader ${String(row.func)}`);
    expectUnwrapped(files, row.expected, formatSysinfo(await readSysinfo(arch, fakeHost(row, files))));
  },
};
