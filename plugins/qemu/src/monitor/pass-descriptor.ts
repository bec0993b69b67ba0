import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Descriptor } from "@polyvisor/core";
import { sendDescriptor } from "@polyvisor/sdk/process";
import { monitorError } from "./qmp-error.js";

/** Between two commands a monitor reads over blanks. */
const BLANK = 0x20;

/** How often a monitor is tried that does not read, and how long, in milliseconds. */
const RETRY_MS = 1;
const RETRY_MS_MAX = 100;
const DEADLINE_MS = 30_000;

/** Sends a monitor a copy of a descriptor, between two commands and so once every one before has left. */
export async function passDescriptor(socket: Socket, descriptor: Descriptor): Promise<void> {
  const end = performance.now() + DEADLINE_MS;
  for (let wait = RETRY_MS; ; wait = Math.min(wait * 2, RETRY_MS_MAX)) {
    try {
      if (socket.writableLength === 0 && sendDescriptor(socket, descriptor, BLANK)) return;
    } catch (error) {
      throw monitorError(`Unable to write to monitor: ${(error as Error).message}`);
    }
    if (socket.destroyed || performance.now() > end) throw monitorError("Unable to write to monitor");
    await delay(wait);
  }
}
