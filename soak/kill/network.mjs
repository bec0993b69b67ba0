import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { BRIDGE } from "./guests.mjs";

const run = promisify(execFile);
const SETUP = `ip link add ${BRIDGE} type bridge && ip link set ${BRIDGE} up && ip link set lo up && test -c /dev/net/tun && echo ready && exec cat`;

/** A network of the soak's own with a bridge: daemons and guests run in it, and it goes with this process. */
export class Network {
  #holder;

  constructor(holder) {
    this.#holder = holder;
  }

  /** `undefined` where the host does not let us: then guests do without bridged cards. */
  static async make() {
    const holder = spawn("unshare", ["--net", "sh", "-c", SETUP], { stdio: ["pipe", "pipe", "ignore"] });
    const said = await Promise.race([once(holder.stdout, "data"), once(holder, "exit")]).then(
      ([first]) => first,
      () => undefined,
    );
    return Buffer.isBuffer(said) ? new Network(holder) : undefined;
  }

  /** The command that runs its arguments inside, in the same process. */
  get wrapper() {
    return ["nsenter", `--net=/proc/${this.#holder.pid}/ns/net`, "--"];
  }

  /** The names of the tap devices. @returns {Promise<string[]>} */
  async taps() {
    const [command, ...args] = this.wrapper;
    const { stdout } = await run(command, [...args, "ip", "-o", "link"]);
    return [...stdout.matchAll(/^\d+: (vnet\d+)/gm)].map(([, name]) => name);
  }

  close() {
    this.#holder.stdin.end();
  }
}
