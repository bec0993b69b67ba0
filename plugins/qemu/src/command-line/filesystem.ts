import type { Filesystem } from "@polyvisor/sdk/conf";
import { addressProps } from "./address.js";
import { chardevArgs } from "./chardev.js";
import { aliasOf, type Build, notYet, refuse } from "./context.js";
import { escapeComma, positive } from "./props.js";
import { virtioProps } from "./virtio.js";

export function filesystemArgs(build: Build): void {
  for (const filesystem of build.domain.devices.filesystems) {
    if (filesystem.driver?.type === "virtiofs") {
      virtiofsArgs(build, filesystem);
      continue;
    }
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

/** A daemon of its own serves the folder; its socket is the configuration's or the run's. */
function virtiofsArgs(build: Build, filesystem: Filesystem): void {
  const alias = aliasOf(filesystem);
  const named = filesystem.source.type === "mount" ? filesystem.source.socket : undefined;
  const path = named ?? build.runtime.helperSockets?.get(alias);
  if (path === undefined) throw notYet("a filesystem of type 'virtiofs'");
  chardevArgs(build, { type: "unix", mode: "connect", path }, `chr-vu-${alias}`);
  build.args.device({
    ...virtioProps(build, "vhost-user-fs", filesystem, filesystem.model),
    id: alias,
    chardev: `chr-vu-${alias}`,
    "queue-size": positive(filesystem.driver?.queue),
    tag: filesystem.target,
    bootindex: positive(filesystem.bootOrder),
    ...addressProps(build, filesystem),
  });
}

const ACCESS = { passthrough: "passthrough", mapped: "mapped", squash: "none" } as const;

function fsdevParts(filesystem: Filesystem): readonly string[] {
  const { source, driver, accessmode = "passthrough", multidevs, fmode, dmode } = filesystem;
  if (source.type !== "mount") throw refuse(`unsupported filesystem type '${source.type}'`);
  if (driver?.type !== undefined && driver.type !== "path" && driver.type !== "handle")
    throw refuse(`unsupported filesystem driver '${driver.type}'`);
  const parts = driver?.type === "handle" ? ["handle"] : ["local", `security_model=${ACCESS[accessmode]}`];
  if (multidevs !== undefined) parts.push(`multidevs=${multidevs}`);
  if (fmode !== undefined) parts.push(`fmode=${fmode.toString(8).padStart(4, "0")}`);
  if (dmode !== undefined) parts.push(`dmode=${dmode.toString(8).padStart(4, "0")}`);
  if (driver?.wrpolicy !== undefined) parts.push(`writeout=${driver.wrpolicy}`);
  parts.push(`id=fsdev-${aliasOf(filesystem)}`, `path=${escapeComma(source.dir ?? "")}`);
  if (filesystem.readonly === true) parts.push("readonly=on");
  return parts;
}
