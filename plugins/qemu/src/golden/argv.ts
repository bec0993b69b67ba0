import { VirtError } from "@polyvisor/core";
import { type Domain, type DomainHooks, parseDomain } from "@polyvisor/sdk/conf";
import {
  expectLiteral,
  expectUnwrapped,
  type GoldenCase,
  type GoldenFiles,
  type GoldenRun,
  shellText,
} from "@polyvisor/sdk/golden";
import type { QemuCapabilities } from "../capabilities/index.js";
import { alignMemory, buildCommandLine, numberImages } from "../command-line/index.js";
import { assignAddresses, assignAliases, qemuHooks } from "../conf/index.js";
import { resolveCpu } from "../cpu/resolve.js";
import { listField } from "./fields.js";
import { RowFirmware } from "./firmware.js";
import { COUNTED_UUID, FOLDERS, hostOf } from "./folders.js";
import { rowKnowledge } from "./host-cpu.js";
import { makeLive } from "./live.js";
import { RowCapabilities } from "./row-capabilities.js";
import { runtimeOf } from "./runtime.js";
import { volumesOf } from "./volumes.js";

/** From a document to the emulator's command line; where a row must fail, its very words count. */
export function qemuxml2argv(): GoldenRun {
  const capabilities = new RowCapabilities(true);
  const firmware = new RowFirmware();
  return async (row, files) => {
    const caps = capabilities.of(row, files);
    const start = (written: Domain) => commandOf(row, files, caps, firmware.choose(written, files));
    if (row.mode === "ok") {
      expectLiteral(files, row.expected, await start(read(row, files, caps)));
      return;
    }
    if (row.mode === "parse-error") {
      await expectWords(row, files, () => read(row, files, caps));
      return;
    }
    const domain = read(row, files, caps);
    await expectWords(row, files, () => start(domain));
  };
}

function read(row: GoldenCase, files: GoldenFiles, caps: QemuCapabilities): Domain {
  const host = hostOf(row, caps.arch);
  return parseDomain(files.text(row.input), {
    hooks: checking(qemuHooks(caps, FOLDERS, host)),
    newUuid: () => COUNTED_UUID,
    abiUpdate: listField(row, "parseFlags").includes("VIR_DOMAIN_DEF_PARSE_ABI_UPDATE"),
  });
}

async function commandOf(
  row: GoldenCase,
  files: GoldenFiles,
  caps: QemuCapabilities,
  written: Domain,
): Promise<string> {
  const placed = assignAddresses(written, caps, row.migrateFrom === undefined, hostOf(row, caps.arch));
  const known = await rowKnowledge(row, placed.os.arch ?? caps.arch, caps.arch);
  const named = resolveCpu(assignAliases(placed), caps, hostOf(row, caps.arch).arch, known);
  const domain = makeLive(numberImages(alignMemory(named)));
  const { env, argv } = buildCommandLine(domain, caps, {
    ...runtimeOf(row, domain),
    volumes: volumesOf(domain, files),
  });
  return shellText(env, argv);
}

async function expectWords(row: GoldenCase, files: GoldenFiles, work: () => unknown): Promise<void> {
  expectUnwrapped(files, row.expected, `${await wordsOf(work)}\n`);
}

async function wordsOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (error instanceof VirtError) return error.message;
    throw error;
  }
  throw new Error("must fail, but did not");
}

/** The data's definitions are read like stored ones, but checked like new ones. */
function checking(hooks: DomainHooks): DomainHooks {
  const { validate, validateDevice, ...others } = hooks;
  return {
    ...others,
    validate: (domain, context) => validate?.(domain, { ...context, abiUpdate: true }),
    validateDevice: (device, domain, context) => validateDevice?.(device, domain, { ...context, abiUpdate: true }),
  };
}
