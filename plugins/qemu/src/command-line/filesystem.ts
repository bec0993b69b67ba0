import type { Filesystem } from "@polyvisor/sdk/conf";
import { addressProps } from "./address.js";
import { aliasOf, type Build, notYet, refuse } from "./context.js";
import { escapeComma } from "./props.js";
import { virtioProps } from "./virtio.js";

export function filesystemArgs(build: Build): void {
  for (const filesystem of build.domain.devices.filesystems) {
    if (filesystem.driver?.type === "virtiofs") throw notYet("a filesystem of type 'virtiofs'");
    build.args.add("-fsdev", fsdevParts(filesystem).join(","));
    build.args.device({
      ...virtioProps(build, "virtio-9p", filesystem, filesystem.model),
      id: aliasOf(filesystem),
      fsdev: `fsdev-${aliasOf(filesystem)}`,
      mount_tag: filesystem.target,
      ...addressProps(build, filesystem),
    });
  }
}

const ACCESS = { passthrough: "passthrough", mapped: "mapped", squash: "none" } as const;

function fsdevParts(filesystem: Filesystem): readonly string[] {
  const { source, driver, accessmode = "passthrough", multidevs, fmode, dmode } = filesystem;
  if (source.type !== "mount") throw refuse(`unsupported filesystem type '${source.type}'`);
  if (driver?.type !== undefined && driver.type !== "path")
    throw refuse(`unsupported filesystem driver '${driver.type}'`);
  const parts = ["local", `security_model=${ACCESS[accessmode]}`];
  if (multidevs !== undefined) parts.push(`multidevs=${multidevs}`);
  if (fmode !== undefined) parts.push(`fmode=${fmode.toString(8).padStart(4, "0")}`);
  if (dmode !== undefined) parts.push(`dmode=${dmode.toString(8).padStart(4, "0")}`);
  if (driver?.wrpolicy !== undefined) parts.push(`writeout=${driver.wrpolicy}`);
  parts.push(`id=fsdev-${aliasOf(filesystem)}`, `path=${escapeComma(source.dir ?? "")}`);
  if (filesystem.readonly === true) parts.push("readonly=on");
  return parts;
}
