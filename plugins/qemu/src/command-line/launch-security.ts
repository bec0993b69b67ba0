import { join } from "node:path";
import { type Build, refuse } from "./context.js";
import { fromYesNo } from "./props.js";

/** What keeps the guest's memory from the host's eyes. The certificate and the session are files in the guest's folder. */
export function launchSecurityArgs({ args, caps, domain, runtime }: Build): void {
  const { launchSecurity } = domain;
  if (launchSecurity?.type === "s390-pv") args.object({ "qom-type": "s390-pv-guest", id: "lsec0" });
  if (launchSecurity?.type !== "sev") return;
  const { dhCert, kernelHashes, policy, session } = launchSecurity;
  const cbitpos = launchSecurity.cbitpos ?? caps.sev?.cbitpos;
  const reducedPhysBits = launchSecurity.reducedPhysBits ?? caps.sev?.reducedPhysBits;
  if (cbitpos === undefined || reducedPhysBits === undefined)
    throw refuse(
      "the emulator does not say what the processor's memory encryption takes",
      "write <cbitpos> and <reducedPhysBits>",
    );
  args.object({
    "qom-type": "sev-guest",
    id: "lsec0",
    cbitpos,
    "reduced-phys-bits": reducedPhysBits,
    policy,
    "dh-cert-file": dhCert === undefined ? undefined : join(runtime.libDir, "dh_cert.base64"),
    "session-file": session === undefined ? undefined : join(runtime.libDir, "session.base64"),
    "kernel-hashes": fromYesNo(kernelHashes),
  });
}
