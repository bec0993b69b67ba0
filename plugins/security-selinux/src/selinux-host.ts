import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Context, parseContext } from "./context.js";
import { type GuestContexts, parseGuestContexts, policyName } from "./guest-contexts.js";

const DOMAIN_FILE = "virtual_domain_context";
const IMAGE_FILE = "virtual_image_context";

/**
 * The kernel's side of SELinux and the files of its policy. `root` is where /proc, /sys and /etc are found: elsewhere only in
 * tests of hosts that are not here.
 */
export class SelinuxHost {
  readonly #root: string;

  constructor(root = "/") {
    this.#root = root;
  }

  /** Whether the kernel has it and it was not switched off at boot. */
  get isEnabled(): boolean {
    return this.#read("sys/fs/selinux/enforce") !== undefined;
  }

  /** Whether what the policy does not allow is refused, and not only logged. */
  get isEnforced(): boolean {
    return this.#read("sys/fs/selinux/enforce")?.trim() === "1";
  }

  /** Of a process; `undefined` where there is none, or it has no context. */
  contextOf(pid: number | "self"): string | undefined {
    return this.#read(`proc/${pid}/attr/current`)?.replace(/[\0\n]+$/, "");
  }

  /** This process's; before a policy is loaded all have one that is no context. */
  get own(): Context | undefined {
    return parseContext(this.contextOf("self") ?? "");
  }

  /** Whether the policy knows a context. */
  async knows(context: string): Promise<boolean> {
    return writeFile(join(this.#root, "sys/fs/selinux/context"), context).then(
      () => true,
      () => false,
    );
  }

  /** What the policy of this host says of guests. Throws with words for an operator where it says nothing. */
  async guestContexts(): Promise<GuestContexts> {
    const config = await this.#file("etc/selinux/config");
    const policy = config === undefined ? undefined : policyName(config);
    if (policy === undefined)
      throw new Error("SELinux is enabled, but /etc/selinux/config names no policy (SELINUXTYPE)");
    const folder = join("etc/selinux", policy, "contexts");
    const [domain, image] = await Promise.all([DOMAIN_FILE, IMAGE_FILE].map((name) => this.#file(join(folder, name))));
    if (domain === undefined)
      throw new Error(`cannot read SELinux virtual domain context file '/${folder}/${DOMAIN_FILE}'`);
    if (image === undefined) throw new Error(`cannot read SELinux virtual image context file /${folder}/${IMAGE_FILE}`);
    const contexts = parseGuestContexts(domain, image);
    const known = contexts && [contexts.process, contexts.image, contexts.content].every(parseContext);
    if (contexts !== undefined && known === true) return contexts;
    throw new Error(`the files ${DOMAIN_FILE} and ${IMAGE_FILE} in /${folder} have no SELinux contexts`);
  }

  #file(path: string): Promise<string | undefined> {
    return readFile(join(this.#root, path), "utf8").catch(() => undefined);
  }

  /** Files of the kernel alone, which never make one wait. */
  #read(path: string): string | undefined {
    try {
      return readFileSync(join(this.#root, path), "utf8");
    } catch {
      return undefined;
    }
  }
}
