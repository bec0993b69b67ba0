import net from "node:net";
import { lxcMonitorMessages, lxcMonitorProgram } from "@polyvisor/core";
import { withSocketPath } from "@polyvisor/sdk/process";

/** What the shim tells of its container. */
export interface MonitorListener {
  /** The container's first process, by its number on the host: told at once, and again after each reboot. */
  init(pid: number): void;
  /** The shim's keeper is gone: the container has ended, or a new keeper comes soon. Called once, and last. */
  closed(): void;
}

const INIT = lxcMonitorMessages.initEvent.number;
const HEADER = 28;
/** A message is a header and at most one number of 64 bits. */
const MOST_BYTES = 64;

/**
 * Listens on a container's NAME.sock. Whoever listens is told of the close, whenever that is: the listener is there before
 * the first message can be.
 */
export async function connectMonitor(path: string, listener: MonitorListener): Promise<net.Socket> {
  return withSocketPath(path, (short) => {
    const socket = new net.Socket();
    socket.once("close", () => listener.closed());
    socket.on("error", () => {});
    let waiting = Buffer.alloc(0);
    socket.on("data", (data) => {
      waiting = Buffer.concat([waiting, data]);
      for (let length = lengthOf(waiting); length !== undefined; length = lengthOf(waiting)) {
        if (length < HEADER || length > MOST_BYTES) return void socket.destroy();
        if (waiting.length < length) return;
        hear(waiting.subarray(0, length), listener);
        waiting = waiting.subarray(length);
      }
    });
    return new Promise((resolve, reject) => {
      socket.once("error", reject);
      socket.connect(short, () => resolve(socket));
      socket.unref();
    });
  });
}

function lengthOf(bytes: Buffer): number | undefined {
  return bytes.length < 4 ? undefined : bytes.readUInt32BE(0);
}

function hear(frame: Buffer, listener: MonitorListener): void {
  const isInit = frame.readUInt32BE(4) === lxcMonitorProgram.number && frame.readUInt32BE(12) === INIT;
  if (isInit && frame.length >= HEADER + 8) listener.init(Number(frame.readBigUInt64BE(HEADER)));
}
