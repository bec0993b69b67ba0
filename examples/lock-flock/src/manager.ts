import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  HOST_INFO,
  type HostInfo,
  LOCK_RESOURCE_FLAG,
  type LockManager,
  type LockOwner,
  type LockResource,
  VirtError,
  wrapperRefusal,
} from "@polyvisor/core";
import { runHelper } from "@polyvisor/sdk/process";
import { inject, injectable } from "tsyringe";

const SCRIPT = fileURLToPath(new URL("../lease.sh", import.meta.url));
/** The script itself waits for 20 s at most. */
const DEADLINE = 30_000;

interface Claim {
  readonly owner: LockOwner;
  readonly resources: readonly LockResource[];
}

/**
 * Leases for the guests of one host. The guest's process has a file locked on its way to become the emulator, and so for as
 * long as it lives; a lease is a link to that file (lease.sh). So leases can be taken and given back while the guest runs, and
 * none outlives its guest, however that ends. Nothing is kept here: another process of ours finds all as it is.
 */
@injectable()
export class FlockManager implements LockManager {
  readonly #folder: string;

  constructor(@inject(HOST_INFO as symbol) { paths }: HostInfo) {
    this.#folder = join(paths.run, "lock-flock");
  }

  /** Never empty: a guest that has nothing yet may be given a disk later. */
  async guestWrapper({ owner, resources }: Claim): Promise<string[]> {
    await mkdir(join(this.#folder, "guests"), { recursive: true, mode: 0o700 });
    return this.#command("run", { owner, resources });
  }

  acquire(claim: Claim): Promise<void> {
    return this.#run("acquire", claim);
  }

  /** There is no state to keep: nobody can tell who had a lease meanwhile. */
  async release(claim: Claim): Promise<null> {
    await this.#run("release", claim);
    return null;
  }

  inquire(): null {
    return null;
  }

  async #run(act: "acquire" | "release", claim: Claim): Promise<void> {
    const { status, stderr } = await runHelper(this.#command(act, claim), { deadline: DEADLINE });
    if (status === 0) return;
    throw wrapperRefusal(stderr) ?? new VirtError("INTERNAL_ERROR", `the leases cannot be changed: ${stderr.trim()}`);
  }

  #command(act: string, { owner, resources }: Claim): [string, ...string[]] {
    const words = resources.filter(isWritten).flatMap((each) => [modeOf(each), keyOf(each), each.name]);
    return ["/bin/sh", SCRIPT, act, this.#folder, owner.uuid, ...words, "--"];
  }
}

/** Who only reads needs no lease, and keeps none from anybody, as with libvirt's lock daemon. */
function isWritten({ flags }: LockResource): boolean {
  return (flags & LOCK_RESOURCE_FLAG.READONLY) === 0;
}

function modeOf({ flags }: LockResource): string {
  return (flags & LOCK_RESOURCE_FLAG.SHARED) === 0 ? "x" : "s";
}

/** A name for a folder: paths are too long for one. */
function keyOf({ lockspace, name, path, offset }: LockResource): string {
  return createHash("sha256")
    .update(JSON.stringify([lockspace, name, path, String(offset)]))
    .digest("hex");
}
