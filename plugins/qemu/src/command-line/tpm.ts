import type { Tpm } from "@polyvisor/sdk/conf";
import { isX86Domain } from "../conf/machine.js";
import { addressProps } from "./address.js";
import { chardevArgs } from "./chardev.js";
import { aliasOf, type Build, notYet } from "./context.js";

export function tpmArgs(build: Build): void {
  for (const tpm of build.domain.devices.tpms) {
    const alias = aliasOf(tpm);
    if (tpm.model === "spapr-tpm-proxy" && tpm.backend.type === "passthrough") {
      build.args.device({ driver: tpm.model, id: alias, "host-path": tpm.backend.device });
      continue;
    }
    build.args.add("-tpmdev", backendText(build, tpm));
    build.args.device({ driver: driverOf(build, tpm), tpmdev: `tpm-${alias}`, id: alias, ...addressProps(build, tpm) });
  }
}

function driverOf({ domain }: Build, { model }: Tpm): string | undefined {
  return model === "tpm-tis" && !isX86Domain(domain) ? "tpm-tis-device" : model;
}

function backendText(build: Build, tpm: Tpm): string {
  const alias = aliasOf(tpm);
  switch (tpm.backend.type) {
    case "passthrough": {
      const fds = build.runtime.tpmFds?.get(alias);
      if (fds === undefined) throw notYet("a TPM of the host");
      const device = build.args.fdSet(fds.device, `${alias}-tpm`);
      const cancel = build.args.fdSet(fds.cancel, `${alias}-cancel`);
      return `passthrough,id=tpm-${alias},path=${device},cancel-path=${cancel}`;
    }
    case "emulator": {
      const path = build.runtime.helperSockets?.get(alias);
      if (path === undefined) throw notYet("an emulated TPM");
      chardevArgs(build, { type: "unix", mode: "connect", path }, "chrtpm");
      return `emulator,id=tpm-${alias},chardev=chrtpm`;
    }
    case "external":
      chardevArgs(build, tpm.backend.source, "chrtpm");
      return `emulator,id=tpm-${alias},chardev=chrtpm`;
  }
}
