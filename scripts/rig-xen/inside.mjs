import { spawn } from "node:child_process";
import { Dom0, until } from "./dom0.mjs";

const ROOT = "/pv";
const SOCKET = `${ROOT}/run/libvirt/libvirt-sock`;
/** Every command that the daemon runs is written down here. */
const COMMANDS = `${ROOT}/commands`;

const quoted = (words) => words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");

/** A polyvisord in dom0 itself. */
class InnerDaemon {
  constructor(shell) {
    this.shell = shell;
  }

  uri(scheme) {
    return `${scheme}+unix:///system?socket=${SOCKET}`;
  }

  async prepare() {
    const settings = `xl = "${ROOT}/xl"\ntimeout = 120\n`;
    const program = `#!/bin/sh\necho "$*" >>${COMMANDS}\nexec xl "$@"\n`;
    await this.shell(`rm -rf ${ROOT} && mkdir -p ${ROOT}/etc/libvirt/plugins`);
    await this.shell(`printf %s ${quoted([settings])} >${ROOT}/etc/libvirt/plugins/xen.conf`);
    await this.shell(`printf %s ${quoted([program])} >${ROOT}/xl && chmod +x ${ROOT}/xl`);
  }

  async start() {
    const command = `echo $$ >${ROOT}/pid; exec node /polyvisor/daemon/bin/polyvisord.js --root ${ROOT}`;
    await this.shell(`setsid sh -c ${quoted([command])} >>${ROOT}/log 2>&1 </dev/null &`);
    const asked = `virsh -q -c '${this.uri("xen")}' uri 2>/dev/null || true`;
    await until("the daemon in dom0 answers", async () => (await this.shell(asked)).includes("xen"));
  }

  async end(signal) {
    const gone = `while grep -qs '^State:.[^Z]' /proc/$p/status; do sleep 0.2; done`;
    await this.shell(`p=$(cat ${ROOT}/pid) && kill -${signal} $p && ${gone}`);
  }

  async forget() {
    await this.shell(`rm -rf ${ROOT}/run`);
  }
}

/** The rig's dom0 with a daemon and clients of its own. */
export class DrivenFromInside extends Dom0 {
  static async prepare(dom0) {
    const inside = new DrivenFromInside(new InnerDaemon((command) => dom0.shell(command)), dom0);
    await inside.daemon.prepare();
    return inside;
  }

  async virsh(uri, ...words) {
    return (await this.shell(`${quoted(["virsh", "-q", "-c", uri, ...words])} 2>&1 || true`)).trim();
  }

  async file(name, text) {
    const path = `${ROOT}/${name}`;
    await this.shell(`printf %s ${quoted([text])} >${path}`);
    return path;
  }

  listen(uri) {
    const words = quoted(["virsh", "-c", uri, "event", "--all", "--loop"]);
    return spawn("ssh", this.sshWords(`echo $$ >>${ROOT}/listeners; exec ${words}`), {
      stdio: ["ignore", "pipe", "ignore"],
    });
  }

  /** How many commands the daemon has run, since it was prepared. */
  async commands() {
    return Number(await this.shell(`wc -l <${COMMANDS}`));
  }

  async close() {
    await this.shell(`kill $(cat ${ROOT}/listeners) 2>/dev/null || true`);
    await super.close();
    await this.shell(`rm -rf ${ROOT} /polyvisor`);
  }
}
