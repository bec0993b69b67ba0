import type { Domain as Config } from "@polyvisor/sdk/conf/domain";
import type { FilesystemPlan } from "../filesystems/plan.js";
import type { PreparedNetwork } from "../network/networks.js";
import { initOf } from "../root/init.js";
import type { InitUser } from "../root/users.js";
import { processCapabilities } from "./capabilities.js";
import { deviceRules, type UsedDevice } from "./devices.js";
import type { OciConfig, OciDevice, OciHook, OciIdMapping, OciMount, OciNamespace, OciResources } from "./oci.js";

/** What the bundle of a container is made of beside its configuration: all that was looked up and prepared for it. */
export interface BundleFacts {
  readonly filesystems: FilesystemPlan;
  readonly user: InitUser;
  readonly network: PreparedNetwork["namespace"];
  /** Namespaces of others that the container is in, by their paths. */
  readonly shared: readonly OciNamespace[];
  readonly cgroupsPath: string;
  readonly resources: Omit<OciResources, "devices">;
  readonly devices: readonly UsedDevice[];
  /** Nodes of devices of the host that are made in `/dev`. */
  readonly nodes: readonly OciDevice[];
  /** Terminals of the host that become `/dev/tty2` and so on. */
  readonly furtherTerminals: readonly string[];
  /** The folder in which lxcfs has its files, where it runs. */
  readonly lxcfs: string | undefined;
  /** The capabilities of the process that starts it, as a number. */
  readonly capabilities: bigint;
  /** The file that is to say, once it is there, that the container runs; absent where the engine writes one by itself. */
  readonly startedFile: string | undefined;
}

const NO_EXEC = ["nosuid", "noexec", "nodev"];
const SYSCTL = ["abi", "debug", "dev", "fs", "kernel", "user", "vm"].map((name) => `/proc/sys/${name}`);
/** What lxcfs says by the limits of whoever reads it. */
const LXCFS_FILES = ["cpuinfo", "diskstats", "loadavg", "meminfo", "stat", "swaps", "uptime"];

/** The state, which is a line, in one write: whoever reads it waits for all of it. */
const SAY_STARTED = 'read -r state; printf %s "$state" >"$0"';
/** The state is read although nobody needs it: engines fail where they cannot write it. In the container's mounts, but with the host's root: a `/dev` that is a link would lead there. */
const FIRST_TERMINAL = 'read -r state; [ -L "$0" ] || exec ln -sf console "$0/tty1"';
/** The same where users are mapped: there hooks in the container's mounts would begin in the bundle's folder, which is root's alone. */
const FIRST_TERMINAL_MAPPED = [
  "read -r state",
  '[ -L "$0" ] && exit',
  `pid=\${state#*'"pid":'} pid=\${pid# } pid=\${pid%%[!0-9]*}`,
  'exec nsenter -t "$pid" -U -m -- ln -sf console "$0/tty1"',
].join("\n");

/** The `config.json` with which the engine starts the container. */
export function bundleOf(config: Config, facts: BundleFacts): OciConfig {
  const { os, features, idmap } = config;
  const capabilities = processCapabilities(features.capabilities, facts.capabilities);
  const root = facts.filesystems.root;
  return {
    ociVersion: "1.0.2",
    ...(facts.shared.some(({ type }) => type === "uts") ? {} : { hostname: hostName(config.name) }),
    process: {
      terminal: true,
      user: facts.user,
      args: [initOf(config), ...(os.initargs ?? [])],
      env: environmentOf(config, facts.furtherTerminals.length),
      cwd: os.initdir ?? "/",
      capabilities: {
        bounding: capabilities,
        effective: capabilities,
        permitted: capabilities,
        inheritable: capabilities,
      },
      noNewPrivileges: false,
    },
    root: { path: root, readonly: facts.filesystems.readonlyRoot },
    mounts: mountsOf(config, facts),
    hooks: {
      ...(idmap === undefined
        ? { createContainer: [shell(FIRST_TERMINAL, `${root}/dev`)] }
        : { createRuntime: [shell(FIRST_TERMINAL_MAPPED, `${root}/dev`)] }),
      ...(facts.startedFile === undefined ? {} : { poststart: [shell(SAY_STARTED, facts.startedFile)] }),
    },
    linux: {
      namespaces: namespacesOf(config, facts),
      ...(idmap === undefined ? {} : { uidMappings: idmap.uid.map(mapping), gidMappings: idmap.gid.map(mapping) }),
      devices: facts.nodes,
      cgroupsPath: facts.cgroupsPath,
      resources: { ...facts.resources, devices: deviceRules(facts.devices, capabilities.includes("CAP_MKNOD")) },
      // What is the network's alone may be set by who has a network alone.
      readonlyPaths: facts.network === "host" ? ["/proc/sys"] : SYSCTL,
    },
  };
}

/** An engine gives hooks no environment but what is asked for. */
function shell(script: string, argument: string): OciHook {
  return { path: "/bin/sh", args: ["sh", "-c", script, argument] };
}

function environmentOf(config: Config, furtherTerminals: number): string[] {
  const { os, uuid, name } = config;
  const ttys = Array.from({ length: furtherTerminals }, (_, index) => `tty${index + 2}`);
  return [
    "PATH=/bin:/sbin",
    "TERM=linux",
    "container=lxc-libvirt",
    "HOME=/",
    `container_uuid=${uuid}`,
    ...(ttys.length > 0 ? [`container_ttys=${ttys.join(" ")}`] : []),
    `LIBVIRT_LXC_UUID=${uuid}`,
    `LIBVIRT_LXC_NAME=${name}`,
    ...(os.cmdline === undefined ? [] : [`LIBVIRT_LXC_CMDLINE=${os.cmdline}`]),
    ...(os.initenv ?? []).map((each) => `${each.name}=${each.value}`),
  ];
}

/** The first label of a name that the kernel takes for a host. */
function hostName(name: string): string {
  const label = name.replace(/[^A-Za-z0-9.-]/g, "-").replace(/\..*$/, "");
  return label.slice(0, 63) || "localhost";
}

function namespacesOf({ idmap }: Config, { network, shared }: BundleFacts): OciNamespace[] {
  const own: OciNamespace[] = [
    { type: "pid" },
    { type: "mount" },
    { type: "ipc" },
    { type: "uts" },
    { type: "cgroup" },
  ];
  const { path, users } = typeof network === "string" ? {} : network;
  if (idmap !== undefined) own.push({ type: "user", ...(users === undefined ? {} : { path: users }) });
  if (network !== "host") own.push({ type: "network", ...(path === undefined ? {} : { path }) });
  const others = own.filter(({ type }) => !shared.some((each) => each.type === type));
  return [...others, ...shared];
}

function mapping({ start, target, count }: { start: number; target: number; count: number }): OciIdMapping {
  return { containerID: start, hostID: target, size: count };
}

function mountsOf({ idmap }: Config, { filesystems, network, lxcfs, furtherTerminals }: BundleFacts): OciMount[] {
  // Whoever is in no network namespace of its own may not mount sysfs anew.
  const bindsSysfs = idmap !== undefined && network === "host";
  const sysfs: OciMount = bindsSysfs
    ? { destination: "/sys", type: "bind", source: "/sys", options: ["rbind", ...NO_EXEC, "ro"] }
    : { destination: "/sys", type: "sysfs", source: "sysfs", options: [...NO_EXEC, "ro"] };
  const basic: OciMount[] = [
    { destination: "/proc", type: "proc", source: "proc", options: NO_EXEC },
    sysfs,
    { destination: "/dev", type: "tmpfs", source: "devfs", options: ["nosuid", "mode=755", "size=64k"] },
    { destination: "/dev/pts", type: "devpts", source: "devpts", options: terminalOptions(idmap !== undefined) },
  ];
  const groups: OciMount[] = bindsSysfs
    ? []
    : [{ destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: [...NO_EXEC, "relatime"] }];
  return [
    ...basic,
    ...groups,
    ...furtherTerminals.map((path, index) => bindFile(path, `/dev/tty${index + 2}`, "rw")),
    ...filesystems.mounts,
    ...(lxcfs === undefined ? [] : LXCFS_FILES.map((file) => bindFile(`${lxcfs}/proc/${file}`, `/proc/${file}`, "ro"))),
  ];
}

function terminalOptions(isMapped: boolean): string[] {
  const group = isMapped ? [] : ["gid=5"];
  return ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", ...group];
}

function bindFile(source: string, destination: string, access: "ro" | "rw"): OciMount {
  return { destination, type: "bind", source, options: ["bind", access] };
}
