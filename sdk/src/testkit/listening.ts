import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** Whether somebody listens on a unix socket. */
export function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

/** Waits until something is so, as long as a busy machine may take; what `isSo` throws ends the waiting. */
export async function withinReason(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`it is not so after 120 s: ${what}`);
    await delay(20);
  }
}
