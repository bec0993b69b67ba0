import test, { type ExecutionContext } from "ava";
import { isInstalled, runCommand } from "./command.js";
import { guestImage } from "./guest-image.js";
import { clientProgram, type PERL, PYTHON } from "./project.js";

/** Something that a test cannot do without. */
export interface Need {
  readonly name: string;
  readonly met: boolean;
  /**
   * A program can be installed, so a complete machine that lacks it is a fault; a feature of the kernel cannot, and data that is
   * no part of the project is there or not.
   */
  readonly kind: "program" | "kernel" | "data";
}

/** Set by `npm test` where it could install everything: a test that lacks a program then fails, it does not skip itself. */
const COMPLETE = process.env.POLYVISOR_TEST_COMPLETE === "1";

export async function program(name: string): Promise<Need> {
  return { name: `${name} is not installed`, met: await isInstalled(name), kind: "program" };
}

/** libvirt's binding for an interpreter of Debian's. */
export async function binding(interpreter: typeof PYTHON | typeof PERL): Promise<Need> {
  const probe = interpreter === PYTHON ? ["-c", "import libvirt"] : ["-MSys::Virt", "-e", "1"];
  const met = await runCommand(interpreter, probe).then(
    ({ code }) => code === 0,
    () => false,
  );
  return { name: `libvirt's binding for ${interpreter} is not installed`, met, kind: "program" };
}

/** The kernel and initramfs that `npm test` makes. */
export async function bootableGuest(): Promise<Need> {
  return { name: "no guest image: see scripts/guest.mjs", met: (await guestImage()) !== undefined, kind: "program" };
}

/** A network namespace with a bridge and tap devices. */
export async function networkNamespaces(): Promise<Need> {
  const script = "ip link add name probe0 type bridge && ip tuntap add dev probe1 mode tap";
  const met = (await runCommand("unshare", ["--net", "sh", "-c", script]).catch(() => ({ code: 1 }))).code === 0;
  return { name: "the kernel gives no network namespace with a bridge and a tap device", met, kind: "kernel" };
}

/** Containers of libvirt's kind. */
export async function containers(): Promise<readonly Need[]> {
  const programs = await Promise.all(["crun", "virsh", "busybox"].map(program));
  return [...programs, { name: "only root may make containers", met: process.getuid?.() === 0, kind: "kernel" }];
}

/** Mounts and a network that nobody else sees. */
export async function privateMounts(): Promise<Need> {
  const met = (await runCommand("unshare", ["--mount", "--net", "mount", "-t", "tmpfs", "tmpfs", "/mnt"])).code === 0;
  return { name: "the kernel gives no mount namespace", met, kind: "kernel" };
}

/** Runs a command as the user who owns nothing. */
export const AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] as const;

/** A tree that any user may read, so that a daemon of another user can be started from it. */
export async function readableTree(): Promise<Need> {
  const [command, ...args] = AS_NOBODY;
  const met = (await runCommand(command, [...args, "cat", clientProgram("terminal.py")])).code === 0;
  return { name: "only root may read this tree, or change users", met, kind: "kernel" };
}

/** What a bare Debian has for the guests of these tests. */
export async function hypervisor(): Promise<readonly Need[]> {
  return Promise.all([program("virsh"), program("qemu-system-x86_64"), program("qemu-img"), bootableGuest()]);
}

/**
 * Registers a test, or a skipped one whose title says what is missing. Tests of a file run one after the other: they start
 * emulated machines, and the machine has few processors.
 */
export function testWith(
  title: string,
  needs: readonly Need[],
  body: (t: ExecutionContext) => Promise<void> | void,
): void {
  const missing = needs.filter(({ met }) => !met);
  const names = missing.map(({ name }) => name).join("; ");
  if (missing.length === 0) test.serial(title, body);
  else if (COMPLETE && missing.some(({ kind }) => kind === "program")) test.serial(title, (t) => t.fail(names));
  else test.skip(`${title} (${names})`, body);
}
