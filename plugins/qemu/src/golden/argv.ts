import { VirtError } from "@polyvisor/core";
import { type Domain, parseDomain } from "@polyvisor/sdk/conf";
import {
  expectLiteral,
  expectUnwrapped,
  type GoldenCase,
  type GoldenFiles,
  type GoldenRun,
} from "@polyvisor/sdk/golden";
import type { QemuCapabilities } from "../capabilities/index.js";
import { alignMemory, buildCommandLine, numberImages } from "../command-line/index.js";
import { assignAddresses, assignAliases, qemuHooks, resolveCpu, validateDefinition } from "../conf/index.js";
import { listField } from "./fields.js";
import { COUNTED_UUID, FOLDERS, hostOf } from "./folders.js";
import { makeLive } from "./live.js";
import { RowCapabilities } from "./row-capabilities.js";
import { runtimeOf } from "./runtime.js";
import { shellText } from "./shell.js";

/** From a document to the emulator's command line; where a row must fail, its very words count. */
export function qemuxml2argv(): GoldenRun {
  const capabilities = new RowCapabilities(true);
  return (row, files) => {
    const caps = capabilities.of(row, files);
    if (row.mode === "ok") {
      expectLiteral(files, row.expected, commandOf(row, caps, read(row, files, caps)));
      return;
    }
    const words = row.mode === "parse-error" ? wordsOf(() => read(row, files, caps)) : wordsOfStart(row, files, caps);
    expectUnwrapped(files, row.expected, `${words}\n`);
  };
}

function read(row: GoldenCase, files: GoldenFiles, caps: QemuCapabilities): Domain {
  const domain = parseDomain(files.text(row.input), {
    hooks: qemuHooks(caps, FOLDERS, hostOf(row, caps.arch)),
    newUuid: () => COUNTED_UUID,
    abiUpdate: listField(row, "parseFlags").includes("VIR_DOMAIN_DEF_PARSE_ABI_UPDATE"),
  });
  validateDefinition(domain, caps, hostOf(row, caps.arch));
  return domain;
}

function commandOf(row: GoldenCase, caps: QemuCapabilities, written: Domain): string {
  const placed = assignAddresses(written, caps, row.migrateFrom === undefined, hostOf(row, caps.arch));
  const named = resolveCpu(assignAliases(placed), caps, hostOf(row, caps.arch));
  const domain = makeLive(numberImages(alignMemory(named)));
  const { env, argv } = buildCommandLine(domain, caps, runtimeOf(row, domain));
  return shellText(env, argv);
}

function wordsOfStart(row: GoldenCase, files: GoldenFiles, caps: QemuCapabilities): string {
  const domain = read(row, files, caps);
  return wordsOf(() => commandOf(row, caps, domain));
}

function wordsOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof VirtError) return error.message;
    throw error;
  }
  throw new Error("must fail, but did not");
}
