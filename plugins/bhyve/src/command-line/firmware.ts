import { join } from "node:path";
import type { Domain } from "@polyvisor/sdk/conf/domain";
import { unsupported } from "../errors.js";

const PREFERRED = "BHYVE_UEFI.fd";

/** The folder of firmware images, and the names of what is in it. */
export interface FirmwareFolder {
  readonly path: string;
  readonly files: readonly string[];
}

/** A guest that asks for firmware gets an image of the host's. */
export function withFirmware(domain: Domain, { path, files }: FirmwareFolder): Domain {
  if (domain.os.firmware === undefined) return domain;
  const images = files.filter((name) => !name.startsWith("."));
  const image = images.includes(PREFERRED) ? PREFERRED : images[0];
  if (image === undefined) unsupported(`no firmwares found in ${path}`, "pkg install bhyve-firmware");
  const loader = { ...domain.os.loader, type: "pflash", readonly: "yes", path: join(path, image) } as const;
  return { ...domain, os: { ...domain.os, loader } };
}
