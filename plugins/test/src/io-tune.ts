import { AFFECT, type DomainBlockHandlers, type TypedParam } from "@polyvisor/core";
import { type Disk, IO_TUNE_RATES, type IoTune } from "@polyvisor/sdk/conf/domain";
import { checkParams, STRING_OKAY } from "@polyvisor/sdk/typed-params";
import { diskNamed } from "./disk-lookup.js";
import { configFor, editOne } from "./edit.js";
import { checkFlags, testError } from "./errors.js";
import type { TestHypervisor } from "./hypervisor.js";

type Limit = Exclude<keyof IoTune, "groupName">;

const AFFECTED = AFFECT.LIVE | AFFECT.CONFIG;
const MOST = 1_000_000_000_000_000n;

/** In the order in which they are told. */
const FIELDS: readonly (keyof IoTune)[] = [
  ...IO_TUNE_RATES,
  "groupName",
  "totalBytesSecMaxLength",
  "readBytesSecMaxLength",
  "writeBytesSecMaxLength",
  "totalIopsSecMaxLength",
  "readIopsSecMaxLength",
  "writeIopsSecMaxLength",
];
const nameOf = (field: keyof IoTune) => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const KNOWN = Object.fromEntries(
  FIELDS.map((field) => [nameOf(field), field === "groupName" ? "string" : "ullong"] as const),
);

/** How fast a domain's disks may be. */
export function ioTuneHandlers(hypervisor: TestHypervisor): DomainBlockHandlers {
  return {
    domainGetBlockIoTune({ dom, disk, flags }) {
      checkFlags(flags, AFFECTED | STRING_OKAY, "testDomainGetBlockIoTune");
      // a client that asks how many there are names no disk
      if (disk === null) return FIELDS.map((field): TypedParam => paramOf(field, {}));
      const found = diskNamed(configFor(hypervisor, dom, flags), disk, true);
      if (found === undefined) {
        const detail = `disk '${disk}' was not found in the domain config`;
        throw testError("INVALID_ARG", detail, "`domblklist` shows the disks that are here");
      }
      return FIELDS.map((field): TypedParam => paramOf(field, found.iotune ?? {}));
    },

    domainSetBlockIoTune({ dom, disk, params, flags }) {
      checkFlags(flags, AFFECTED, "testDomainSetBlockIoTune");
      checkParams(params, KNOWN);
      editOne(hypervisor, dom, flags, (config) => {
        const found = diskNamed(config, disk, true);
        if (found === undefined) {
          const detail = `missing persistent configuration for disk '${disk}'`;
          throw testError("INVALID_ARG", detail, "`domblklist` shows the disks that are here");
        }
        const tuned: Disk = { ...found, iotune: withLimits(found.iotune ?? {}, params) };
        const disks = config.devices.disks.map((each) => (each === found ? tuned : each));
        return { ...config, devices: { ...config.devices, disks } };
      });
    },
  };
}

function paramOf(field: keyof IoTune, iotune: IoTune): TypedParam {
  if (field === "groupName") return { field: nameOf(field), type: "string", value: iotune.groupName ?? "" };
  return { field: nameOf(field), type: "ullong", value: iotune[field] ?? 0 };
}

function withLimits(before: IoTune, params: readonly TypedParam[]): IoTune {
  let after = before;
  for (const { field, value } of params) {
    const name = FIELDS.find((each) => nameOf(each) === field);
    if (name === undefined) continue;
    if (name !== "groupName" && BigInt(value) > MOST) {
      const detail = `block I/O throttle limit value must be no more than ${MOST}`;
      throw testError("ARGUMENT_UNSUPPORTED", detail, "give a smaller number");
    }
    after = { ...after, [name]: name === "groupName" ? String(value) : Number(value) || undefined };
  }
  for (const suffix of ["BytesSec", "IopsSec", "BytesSecMax", "IopsSecMax"] as const) checkTotal(after, suffix);
  for (const limit of FIELDS.slice(0, 6)) checkBurst(after, limit as Limit);
  return after;
}

function checkTotal(iotune: IoTune, suffix: "BytesSec" | "IopsSec" | "BytesSecMax" | "IopsSecMax"): void {
  if (!iotune[`total${suffix}`] || !(iotune[`read${suffix}`] || iotune[`write${suffix}`])) return;
  const name = nameOf(`total${suffix}`).slice("total_".length);
  const detail = `total and read/write of ${name} cannot be set at the same time`;
  throw testError("INVALID_ARG", detail, "set the other one to 0");
}

/** A burst that is not set counts as 0, so that a limit needs one here. */
function checkBurst(iotune: IoTune, limit: Limit): void {
  const burst = `${limit}Max` as Limit;
  if ((iotune[limit] ?? 0) <= (iotune[burst] ?? 0)) return;
  const detail = `${nameOf(limit)} cannot be set higher than ${nameOf(burst)} `;
  throw testError("INVALID_ARG", detail, `set ${nameOf(burst)}, too`);
}
