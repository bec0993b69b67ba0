import { connect, type Socket } from "node:net";

/** The words of a message's header, as they stand on the wire; a field left out is that of a sound first call. */
export interface Header {
  readonly length?: number;
  readonly program?: number;
  readonly version?: number;
  readonly procedure?: number;
  readonly type?: number;
  readonly serial?: number;
  readonly status?: number;
}

export const REMOTE = 0x20008086;
export const AUTH_LIST = 66;

/** A message; its length is right unless the header says otherwise. */
export function message(header: Header, body: Uint8Array = new Uint8Array()): Buffer {
  const { program = REMOTE, version = 1, procedure = AUTH_LIST, type = 0, serial = 1, status = 0 } = header;
  const words = [header.length ?? 28 + body.length, program, version, procedure, type, serial, status];
  const bytes = Buffer.alloc(28);
  for (const [index, word] of words.entries()) bytes.writeUInt32BE(word, 4 * index);
  return Buffer.concat([bytes, body]);
}

/** What a daemon makes of bytes: the messages that it answers with, and whether it hangs up. */
export interface Answer {
  readonly messages: readonly Buffer[];
  readonly closed: boolean;
}

/** Says bytes to a daemon, and waits until it has hung up or has been silent for a while. */
export function tell(socket: string, bytes: Uint8Array, silence = 400): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const connection = connect(socket);
    let heard = Buffer.alloc(0);
    let timer: NodeJS.Timeout | undefined;
    const finish = (closed: boolean) => {
      clearTimeout(timer);
      connection.destroy();
      resolve({ messages: split(heard), closed });
    };
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(() => finish(false), silence);
    };
    connection.once("error", (error: NodeJS.ErrnoException) => {
      // A daemon that hangs up before it has read everything resets the connection.
      if (error.code === "ECONNRESET" || error.code === "EPIPE") finish(true);
      else reject(error);
    });
    connection.on("data", (data) => {
      heard = Buffer.concat([heard, data]);
      wait();
    });
    connection.once("end", () => finish(true));
    connection.write(bytes);
    wait();
  });
}

/** Opens a connection, says bytes, and leaves in their midst. */
export async function tellAndLeave(socket: string, bytes: Uint8Array): Promise<void> {
  const connection: Socket = connect(socket);
  await new Promise<void>((resolve, reject) => {
    connection.once("error", reject);
    connection.write(bytes, () => resolve());
  });
  connection.destroy();
}

function split(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  let rest = bytes;
  while (rest.length >= 4 && rest.readUInt32BE(0) >= 28 && rest.readUInt32BE(0) <= rest.length) {
    messages.push(rest.subarray(0, rest.readUInt32BE(0)));
    rest = rest.subarray(rest.readUInt32BE(0));
  }
  return messages;
}
