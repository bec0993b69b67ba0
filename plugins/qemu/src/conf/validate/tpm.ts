import type { Tpm } from "@polyvisor/sdk/conf";
import { has, type QemuFlag } from "../../capabilities/index.js";
import { isArmVirt } from "../machine.js";
import type { CheckedOnHost } from "./context.js";
import { refuse } from "./refuse.js";

const BACKENDS: Readonly<Record<Tpm["backend"]["type"], QemuFlag>> = {
  passthrough: "tpm-passthrough",
  emulator: "tpm-emulator",
  external: "tpm-emulator",
};

const MODELS: Readonly<Record<NonNullable<Tpm["model"]>, QemuFlag>> = {
  "tpm-tis": "tpm-tis",
  "tpm-crb": "tpm-crb",
  "tpm-spapr": "tpm-spapr",
  "spapr-tpm-proxy": "spapr-tpm-proxy",
};

export function checkTpm({ backend, model }: Tpm, { domain, caps, host }: CheckedOnHost): void {
  if (backend.type === "emulator") {
    const { version } = backend;
    if (version !== undefined && host.swtpmVersions?.includes(version) === false)
      throw refuse(`TPM version '${version}' is not supported`);
    if (version === "1.2") {
      if (model === "tpm-crb") throw refuse(`Unsupported interface '${model}' for TPM 1.2`);
      if (model === "tpm-spapr") throw refuse("TPM 1.2 is not supported with the SPAPR device model");
      if (isArmVirt(domain)) throw refuse("TPM 1.2 is not supported on ARM");
    }
  }
  const lacks = (what: string) => refuse(`The QEMU executable ${domain.devices.emulator} does not support TPM ${what}`);
  const lacksHelper = backend.type !== "passthrough" && host.swtpmVersions?.length === 0;
  if (lacksHelper || !has(caps, BACKENDS[backend.type])) throw lacks(`backend type ${backend.type}`);
  if ((domain.os.arch ?? "").startsWith("ppc64") && model === "spapr-tpm-proxy" && backend.type !== "passthrough")
    throw refuse(`TPM Proxy model ${model} requires 'Passthrough' backend`);
  if (model !== undefined && !has(caps, MODELS[model])) throw lacks(`model ${model}`);
}
