import { join } from "node:path";
import type { Domain } from "@polyvisor/sdk/conf";
import { findMachine, type QemuCapabilities, type VirtType } from "../capabilities/index.js";
import { Args, type ArgsOptions } from "./args.js";
import { managedReservationArgs } from "./blockdev.js";
import { bootArgs, bootIndexes } from "./boot.js";
import { clockArgs, powerArgs } from "./clock.js";
import { type Build, canOf, notYet, refuse } from "./context.js";
import { ccidArgs, controllerArgs, globalControllerArgs } from "./controllers.js";
import { cpuArgs } from "./cpu.js";
import { diskArgs } from "./disks.js";
import { environmentOf } from "./environment.js";
import { filesystemArgs } from "./filesystem.js";
import { loaderArgs, pflashArgs } from "./firmware.js";
import { graphicsArgs } from "./graphics.js";
import { hostdevArgs } from "./hostdevs.js";
import { inputArgs } from "./input.js";
import { launchSecurityArgs } from "./launch-security.js";
import { accelArgs, machineArgs, nameArgs, smpArgs, tsegArgs } from "./machine.js";
import { iothreadArgs, memoryArgs, memoryDeviceArgs } from "./memory.js";
import { networkArgs } from "./network.js";
import { openedImages } from "./node-names.js";
import { numaArgs } from "./numa.js";
import { deprecationArgs, overridesOf, passthroughArgs } from "./passthrough.js";
import type { Runtime } from "./runtime.js";
import { channelArgs, consoleArgs, parallelArgs, serialArgs } from "./serial.js";
import { shmemArgs } from "./shmem.js";
import {
  genidArgs,
  iommuArgs,
  memballoonArgs,
  nvramArgs,
  panicArgs,
  rngArgs,
  vmcoreinfoArgs,
  vsockArgs,
  watchdogArgs,
} from "./small-devices.js";
import { fwcfgArgs, smbiosArgs } from "./smbios.js";
import { audioArgs, soundArgs } from "./sound.js";
import { tpmArgs } from "./tpm.js";
import { hubArgs, redirdevArgs, smartcardArgs } from "./usb.js";

import { videoArgs } from "./video.js";
import { zpciDevices } from "./zpci.js";

export interface CommandLine {
  /** The emulator by absolute path, and its arguments. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The emulator's command line, as libvirt would print it, from a configuration in which every device has its alias and
 * its place. What cannot be expressed is refused with `CONFIG_UNSUPPORTED`.
 */
export function buildCommandLine(domain: Domain, caps: QemuCapabilities, runtime: Runtime): CommandLine {
  const args = new Args(caps, argsOptionsOf(domain));
  const build = buildOf(domain, caps, runtime, args, bootIndexes(domain));
  refuseUnbuilt(domain);
  for (const step of STEPS) step(build);
  return {
    argv: [domain.devices.emulator ?? caps.emulator, ...args.argv],
    env: Object.fromEntries([...environmentOf(runtime), ...args.env]),
  };
}

/** What `Args` must know of the domain. */
export function argsOptionsOf(domain: Domain): ArgsOptions {
  return {
    overrides: overridesOf(domain),
    companions: zpciDevices(domain),
    reservedFdSets: openedImages(domain).length,
  };
}

/** What the parts of a command line work on; their options go to `args`. */
export function buildOf(
  domain: Domain,
  caps: QemuCapabilities,
  runtime: Runtime,
  args: Args,
  indexes: Build["bootIndexes"],
): Build {
  const virtType = virtTypeOf(domain);
  return {
    domain,
    caps,
    runtime,
    args,
    virtType,
    machine: findMachine(caps, virtType, domain.os.machine ?? ""),
    imageFdSets: openedImages(domain),
    bootIndexes: indexes,
    can: canOf(caps),
  };
}

function virtTypeOf({ type }: Domain): VirtType {
  if (type === "kvm" || type === "hvf" || type === "qemu") return type;
  throw refuse(`domain type '${type}' is not supported by this driver`);
}

function refuseUnbuilt({ os }: Domain): void {
  if (os.firmware !== undefined && os.loader?.path === undefined)
    throw notYet("an automatic choice of firmware", "name the firmware's file in <loader>");
  if (
    os.loader?.type === "pflash" &&
    os.loader.readonly === "yes" &&
    os.loader.stateless !== "yes" &&
    os.nvram?.source === undefined
  )
    throw notYet("a file for the firmware's variables made from a template", "name the file in <nvram>");
}

/** libvirt's order: an object comes before what refers to it. */
const STEPS: readonly ((build: Build) => void)[] = [
  nameArgs,
  deprecationArgs,
  ({ args }) => args.add("-S"),
  masterKeyArgs,
  managedReservationArgs,
  pflashArgs,
  fipsArgs,
  machineArgs,
  accelArgs,
  tsegArgs,
  cpuArgs,
  loaderArgs,
  memoryArgs,
  smpArgs,
  iothreadArgs,
  numaArgs,
  ({ args, domain }) => args.add("-uuid", domain.uuid),
  smbiosArgs,
  fwcfgArgs,
  genidArgs,
  displayArgs,
  ({ args }) => args.add("-no-user-config"),
  ({ args }) => args.add("-nodefaults"),
  monitorArgs,
  clockArgs,
  powerArgs,
  bootArgs,
  iommuArgs,
  globalControllerArgs,
  controllerArgs,
  memoryDeviceArgs,
  hubArgs,
  ccidArgs,
  diskArgs,
  filesystemArgs,
  networkArgs,
  smartcardArgs,
  serialArgs,
  parallelArgs,
  channelArgs,
  consoleArgs,
  tpmArgs,
  inputArgs,
  audioArgs,
  graphicsArgs,
  videoArgs,
  soundArgs,
  watchdogArgs,
  redirdevArgs,
  hostdevArgs,
  incomingArgs,
  memballoonArgs,
  rngArgs,
  nvramArgs,
  vmcoreinfoArgs,
  launchSecurityArgs,
  passthroughArgs,
  sandboxArgs,
  panicArgs,
  shmemArgs,
  vsockArgs,
  logArgs,
];

/** The key with which every other secret is handed to the emulator. */
function masterKeyArgs({ args, runtime }: Build): void {
  const file = join(runtime.libDir, "master-key.aes");
  args.object({ "qom-type": "secret", id: "masterKey0", format: "raw", file });
}

function fipsArgs({ args, can, runtime }: Build): void {
  if (runtime.fips === true && can("enable-fips")) args.add("-enable-fips");
}

function displayArgs({ args, domain }: Build): void {
  if (domain.devices.graphics.length === 0) args.add("-display", "none");
}

function monitorArgs({ args, runtime: { monitor } }: Build): void {
  const where = "fd" in monitor ? `fd=${monitor.fd}` : `path=${monitor.path}`;
  args.add("-chardev", `socket,id=charmonitor,${where},server=on,wait=off`);
  args.add("-mon", "chardev=charmonitor,id=monitor,mode=control");
}

function incomingArgs({ args, runtime }: Build): void {
  if (runtime.incoming !== undefined) args.add("-incoming", runtime.incoming);
}

function sandboxArgs({ args, runtime, can }: Build): void {
  if (!can("seccomp-sandbox") || runtime.settings?.seccomp === false) return;
  args.add("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
}

function logArgs({ args, runtime }: Build): void {
  if (runtime.settings?.logTimestamp !== false) args.add("-msg", "timestamp=on");
}
