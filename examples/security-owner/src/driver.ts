import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type GuestUser,
  HOST_INFO,
  type HostInfo,
  PLUGIN_CONFIG,
  type SecurityDriver,
  VirtError,
  wrapperRefusal,
} from "@polyvisor/core";
import { runHelper } from "@polyvisor/sdk/process";
import { inject, injectable } from "tsyringe";

/** What the operator may set in `plugins/security-owner.conf`: whom guests are that want nobody in particular. */
export interface OwnerConfig {
  readonly user: number;
  readonly group: number;
}

type LabelArgs = Parameters<NonNullable<SecurityDriver["setLabels"]>>[0];

const SCRIPT = fileURLToPath(new URL("../owners.sh", import.meta.url));
/** Images may lie on a file system that hangs. The script itself waits for 20 s at most. */
const DEADLINE = 40_000;
/**
 * One that still waits for its turn when this process dies must never have it: whoever comes after us puts back what we had
 * begun, and nothing may follow that.
 */
const WITH_US = ["setpriv", "--pdeathsig", "KILL", "--"] as const;
const MODEL = "owner";

/**
 * A guest's label is a user and a group, `+UID:+GID`: the emulator runs as these, and what it is to reach belongs to them
 * meanwhile. Who owned it before is kept in files (owners.sh), so that it is put back whichever process of ours does it.
 */
@injectable()
export class OwnerSecurity implements SecurityDriver {
  readonly #folder: string;
  readonly #config: OwnerConfig;

  constructor(@inject(HOST_INFO as symbol) { paths }: HostInfo, @inject(PLUGIN_CONFIG as symbol) config: OwnerConfig) {
    this.#folder = join(paths.run, "security-owner");
    this.#config = config;
  }

  model() {
    const label = this.#ownLabel();
    return { model: MODEL, doi: "0", baseLabels: ["kvm", "qemu"].map((type) => ({ type, label })) };
  }

  generateLabel({ wanted }: { readonly wanted: string }) {
    const label = wanted === "" ? this.#ownLabel() : wanted;
    ownerOf(label);
    return { label, imageLabel: label };
  }

  /** Any number of guests may have the same label. */
  releaseLabel(): void {}

  setLabels(args: LabelArgs): Promise<void> {
    return this.#run("set", args);
  }

  restoreLabels(args: LabelArgs): Promise<void> {
    return this.#run("restore", args);
  }

  processIdentity({ guest }: Pick<LabelArgs, "guest">): GuestUser {
    return { ...ownerOf(guest.label), groups: [] };
  }

  async processLabel({ pid }: { readonly pid: number }) {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch((cause: unknown) => {
      throw new VirtError("SYSTEM_ERROR", `unable to read /proc/${pid}/status: No such process`, { cause });
    });
    const [uid, gid] = ["Uid", "Gid"].map((name) => new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);
    return { label: `+${uid}:+${gid}`, enforcing: 1 };
  }

  #ownLabel(): string {
    return `+${this.#config.user}:+${this.#config.group}`;
  }

  async #run(act: "set" | "restore", { guest, targets }: LabelArgs): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const words = targets
      .filter(({ kind, override }) => !LEFT_ALONE.has(kind) && (override?.relabel ?? true))
      .flatMap(({ path, readOnly, override }) => {
        const { uid, gid } = ownerOf(override?.label || guest.imageLabel);
        return [keyOf(path), readOnly ? "r" : "w", path, `${uid}:${gid}`];
      });
    const argv = ["/bin/sh", SCRIPT, act, this.#folder, guest.uuid, ...words];
    const { status, stderr } = await runHelper([...WITH_US, ...argv], { deadline: DEADLINE });
    if (status === 0) return;
    throw wrapperRefusal(stderr) ?? new VirtError("INTERNAL_ERROR", `owners cannot be changed: ${stderr.trim()}`);
  }
}

/** What the guest reaches as it is. */
const LEFT_ALONE: ReadonlySet<string> = new Set(["reach", "export"]);

function ownerOf(label: string): { readonly uid: number; readonly gid: number } {
  const [, uid, gid] = /^\+?(\d{1,9}):\+?(\d{1,9})$/.exec(label) ?? [];
  if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  throw new VirtError("INVALID_ARG", `invalid owner '${label}'`, {
    domain: "SECURITY",
    hint: "write numbers: +UID:+GID",
  });
}

/** A name for a folder: paths are too long for one. */
function keyOf(path: string): string {
  return createHash("sha256").update(path).digest("hex");
}
