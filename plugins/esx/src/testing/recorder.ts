import { createServer } from "node:http";
import { request } from "node:https";
import type { AddressInfo } from "node:net";
import { type Exchange, shortened } from "./exchange.js";

/** Stands before a simulated server and writes down what is said; only the recording of fixtures needs it. */
export interface Recorder {
  readonly port: number;
  readonly exchanges: readonly Exchange[];
  close(): void;
}

export async function startRecorder(target: number): Promise<Recorder> {
  const exchanges: Exchange[] = [];
  const server = createServer((incoming, outgoing) => {
    const parts: Buffer[] = [];
    incoming.on("data", (part: Buffer) => parts.push(part));
    incoming.on("end", () => {
      const body = Buffer.concat(parts);
      const { method = "", url: path = "" } = incoming;
      const { host: _, connection: __, ...headers } = incoming.headers;
      const options = { host: "127.0.0.1", port: target, method, path, headers, rejectUnauthorized: false };
      const onward = request(options, (response) => {
        const replies: Buffer[] = [];
        response.on("data", (part: Buffer) => replies.push(part));
        response.on("end", () => {
          const reply = Buffer.concat(replies);
          const isText = !reply.subarray(0, 8).includes(0x89);
          const type = response.headers["content-type"] ?? "";
          exchanges.push({
            method,
            path,
            request: shortened(body.toString()),
            status: response.statusCode ?? 0,
            type,
            reply: isText ? shortened(reply.toString()) : reply.toString("base64"),
            encoding: isText ? "utf8" : "base64",
          });
          const cookies = response.headers["set-cookie"];
          const head = { "Content-Type": type, ...(cookies === undefined ? {} : { "Set-Cookie": cookies }) };
          outgoing.writeHead(response.statusCode ?? 0, head).end(reply);
        });
      });
      onward.on("error", () => outgoing.destroy());
      onward.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { port, exchanges, close: () => void server.close() };
}
