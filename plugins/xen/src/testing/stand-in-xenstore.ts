import { execFile } from "node:child_process";
import { createServer, type Socket } from "node:net";
import { promisify } from "node:util";
import { encodeXs, readXsWords, XS, XsDecoder, type XsMessage, xsWords } from "../xenstore/codec.js";
import type { StandInDomains } from "./stand-in-domains.js";

export interface StandInXenstore {
  /** Fires a watch. */
  tell(name: string): void;
  cut(): void;
  close(): void;
}

/** A xenstored that knows the consoles of domains; each is a pipe that gives back what it is given. */
export async function serveXenstore(path: string, domains: StandInDomains, pipe: string): Promise<StandInXenstore> {
  await promisify(execFile)("mkfifo", [pipe]);
  const clients = new Map<Socket, Map<string, string>>();
  const send = (socket: Socket, message: XsMessage) => void socket.write(encodeXs(message));
  const event = (socket: Socket, name: string, token: string) =>
    send(socket, { type: XS.WATCH_EVENT, id: 0, body: xsWords(name, token) });

  const answer = (socket: Socket, { type, id, body }: XsMessage) => {
    const [name = "", token = ""] = readXsWords(body);
    const watches = clients.get(socket);
    if (type === XS.WATCH) watches?.set(name, token);
    if (type === XS.UNWATCH) watches?.delete(name);
    if (type === XS.WATCH || type === XS.UNWATCH) send(socket, { type, id, body: xsWords("OK") });
    else if (type === XS.READ && isConsole(name, domains)) send(socket, { type, id, body: Buffer.from(pipe) });
    else send(socket, { type: XS.ERROR, id, body: xsWords("ENOENT") });
    if (type === XS.WATCH) event(socket, name, token);
  };

  const server = createServer((socket) => {
    const decoder = new XsDecoder();
    clients.set(socket, new Map());
    socket.on("data", (chunk: Buffer) => {
      for (const message of decoder.feed(chunk)) answer(socket, message);
    });
    socket.on("error", () => {});
    socket.once("close", () => clients.delete(socket));
  });
  await new Promise<void>((resolve) => server.unref().listen(path, () => resolve()));
  const cut = () => {
    for (const socket of clients.keys()) socket.destroy();
  };
  return {
    tell(name) {
      for (const [socket, watches] of clients) {
        const token = watches.get(name);
        if (token !== undefined) event(socket, name, token);
      }
    },
    cut,
    close() {
      cut();
      server.close();
    },
  };
}

function isConsole(name: string, domains: StandInDomains): boolean {
  const id = /^\/local\/domain\/(\d+)\/console\/tty$/.exec(name)?.[1];
  return id !== undefined && domains.has(Number(id));
}
