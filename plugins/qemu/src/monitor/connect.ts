import net from "node:net";
import { withSocketLabel, withSocketPath } from "@polyvisor/sdk/process";
import { QmpClient, type QmpEvent, type QmpLimits } from "./qmp-client.js";
import { monitorError } from "./qmp-error.js";

/** Connects to a monitor by its socket's path, and negotiates: with the answer, the monitor is ready. */
export async function connectMonitor(
  path: string,
  onEvent: (event: QmpEvent) => void,
  limits: Partial<QmpLimits> = {},
  label = "",
): Promise<QmpClient> {
  const socket = await connectSocket(path, label);
  const client = new QmpClient(socket, onEvent, limits);
  try {
    await client.execute("qmp_capabilities");
  } catch (error) {
    client.close();
    throw error;
  }
  return client;
}

/**
 * A listening socket takes the connection at once, also while the emulator that will accept it still starts. `label` is the
 * SELinux context that our end bears.
 */
export function connectSocket(path: string, label = ""): Promise<net.Socket> {
  return withSocketPath(
    path,
    (name) =>
      new Promise<net.Socket>((resolve, reject) => {
        const socket = withSocketLabel(label, () => net.connect(name));
        socket.once("connect", () => resolve(socket));
        socket.on("error", (error) => reject(monitorError(`failed to connect to monitor socket: ${error.message}`)));
      }),
  );
}
