import type { Server } from "node:net";
import type { ListenAt } from "./door.js";

const BACKLOG = 511;

/** Makes a server listen. Rejects where the place cannot be had. */
export function startListening(server: Server, at: ListenAt): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => {
      server.off("error", reject);
      resolve();
    });
    if ("path" in at) listenOnPath(server, at.path, at.mode);
    else if ("descriptor" in at) server.listen({ fd: at.descriptor });
    else server.listen({ port: at.port, backlog: BACKLOG, ...(at.host === undefined ? {} : { host: at.host }) });
  });
}

/** The socket must never exist with more permissions than it will have; binding happens before listen returns. */
function listenOnPath(server: Server, path: string, mode: number): void {
  const mask = process.umask(0o777 & ~mode);
  try {
    server.listen({ path, backlog: BACKLOG });
  } finally {
    process.umask(mask);
  }
}
