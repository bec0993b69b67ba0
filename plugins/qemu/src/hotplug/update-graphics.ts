import type { Graphics, GraphicsListen } from "@polyvisor/sdk/conf/domain";
import { qemuError } from "../errors.js";

/** Of a display that a guest has only the password may change. */
export function checkGraphicsChange(old: Graphics, wanted: Graphics): void {
  checkListens(old, wanted);
  if (wanted.type === "vnc" && old.type === "vnc") {
    if (old.autoport !== wanted.autoport || (!wanted.autoport && old.port !== wanted.port))
      throw fixed("cannot change port settings on vnc graphics");
    if (old.keymap !== wanted.keymap) throw fixed("cannot change keymap setting on vnc graphics");
    return;
  }
  if (wanted.type === "spice" && old.type === "spice") {
    const ports = (each: typeof old) => `${each.port ?? 0} ${each.tlsPort ?? 0}`;
    if (old.autoport !== wanted.autoport || (!wanted.autoport && ports(old) !== ports(wanted)))
      throw fixed("cannot change port settings on spice graphics");
    if (old.keymap !== wanted.keymap) throw fixed("cannot change keymap setting on spice graphics");
    return;
  }
  throw qemuError("INTERNAL_ERROR", `unable to change config on '${wanted.type}' graphics type`);
}

function checkListens(old: Graphics, wanted: Graphics): void {
  const [before, after] = [listensOf(old), listensOf(wanted)];
  const on = `on '${wanted.type}' graphics`;
  if (before.length !== after.length) throw fixed(`cannot change the number of listen addresses ${on}`);
  for (const [at, listen] of after.entries()) {
    const was = before[at];
    if (was === undefined || was.type !== listen.type) throw fixed(`cannot change the type of listen address ${on}`);
    if (listen.type === "address" && was.type === "address" && was.address !== listen.address)
      throw fixed(`cannot change listen address setting ${on}`);
    if (listen.type === "network" && was.type === "network" && was.network !== listen.network)
      throw fixed(`cannot change listen address setting ${on}`);
    if (listen.type === "socket" && was.type === "socket" && was.socket !== listen.socket)
      throw fixed(`cannot change listen socket setting ${on}`);
  }
}

function listensOf(graphics: Graphics): readonly GraphicsListen[] {
  return "listens" in graphics ? graphics.listens : [];
}

function fixed(detail: string): Error {
  return qemuError("OPERATION_UNSUPPORTED", detail);
}

/** A lifetime runs anew even where nothing else changes. */
export function wantsNewPassword(old: Graphics, wanted: Graphics): boolean {
  const was = "auth" in old ? old.auth : undefined;
  const becomes = "auth" in wanted ? wanted.auth : undefined;
  return (
    was?.passwdValidTo !== undefined ||
    becomes?.passwdValidTo !== undefined ||
    was?.connected !== becomes?.connected ||
    (wanted.type === "spice" && becomes?.connected === "disconnect") ||
    was?.passwd !== becomes?.passwd
  );
}
