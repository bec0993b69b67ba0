import type { Duplex } from "node:stream";
import type { Dom0 } from "./transport/index.js";

/**
 * A terminal in dom0 as a stream: one program reads it, another writes to it, and with the stream both end. The terminal
 * stays as it is: it is not the program's own, and sends what it is given unchanged.
 */
export function relayTerminal(dom0: Dom0, path: string): Duplex {
  // A program that leads its session would take the terminal for its own, so a child of it opens it.
  const relay = 'exec 3<>"$1" && stty raw -echo <&3 2>/dev/null; cat <&3 & r=$!; cat >&3; kill $r';
  return dom0.open(["sh", "-c", `( ${relay} ); :`, "sh", path]);
}
