import { createConnection } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { VirtError } from "@polyvisor/core";
import { withSocketPath } from "@polyvisor/sdk/process";
import { HEADER_BYTES, messageBytes, parseReply, type Reply } from "./wire/frames.js";

/** The longest reply that is read, in bytes. */
const REPLY_MAX = 4 << 20;
const RETRY_MS = 20;

/** Asks sanlock's daemon, each time over a connection of its own. What it cannot do is in the reply. */
export class SanlockClient {
  readonly socket: string;

  constructor(socket: string) {
    this.socket = socket;
  }

  /** Fails with `OPERATION_TIMEOUT` where no reply has come after so many milliseconds, with `INTERNAL_ERROR` without daemon. */
  ask(frame: Buffer, deadline: number): Promise<Reply> {
    return withSocketPath(this.socket, async (path) => {
      const end = performance.now() + deadline;
      for (;;) {
        const reply = await exchange(path, this.socket, frame, deadline);
        if (reply !== undefined) return reply;
        if (performance.now() > end) throw tooSlow(this.socket, deadline);
        await delay(RETRY_MS);
      }
    });
  }
}

/** Nothing where the daemon has so many clients waiting that it takes no other: only a connect that blocks would wait. */
function exchange(path: string, shown: string, frame: Buffer, deadline: number): Promise<Reply | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const connection = createConnection(path);
    const end = (settle: () => void) => {
      clearTimeout(timer);
      connection.destroy();
      settle();
    };
    const timer = setTimeout(() => end(() => reject(tooSlow(shown, deadline))), deadline);
    connection.on("connect", () => connection.write(frame));
    connection.on("error", (error: NodeJS.ErrnoException) =>
      end(() => (error.code === "EAGAIN" ? resolve(undefined) : reject(notThere(shown, error)))),
    );
    connection.on("close", () => end(() => reject(notThere(shown, { code: "closed" }))));
    connection.on("data", (chunk) => {
      chunks.push(chunk);
      const bytes = Buffer.concat(chunks);
      if (bytes.length < HEADER_BYTES) return;
      const length = messageBytes(bytes);
      if (length === undefined || length > REPLY_MAX) end(() => reject(notSanlock(shown)));
      else if (bytes.length >= length) end(() => resolve(parseReply(bytes.subarray(0, length))));
    });
  });
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "No such file or directory",
  ECONNREFUSED: "Connection refused",
  EACCES: "Permission denied",
  closed: "it has closed the connection",
};

function notThere(socket: string, { code = "" }: { readonly code?: string | undefined }): VirtError {
  const why = REASONS[code] ?? code;
  return new VirtError("INTERNAL_ERROR", `Failed to open socket to sanlock daemon: ${socket}: ${why}`, {
    hint: "start sanlock, or name the folder of its socket in run_dir of lock-sanlock.conf",
  });
}

function tooSlow(socket: string, deadline: number): VirtError {
  const detail = `the sanlock daemon at ${socket} did not answer within ${deadline / 1000} s`;
  return new VirtError("OPERATION_TIMEOUT", detail, {
    hint: "see 'sanlock client status' and whether the storage of the leases answers",
  });
}

function notSanlock(socket: string): VirtError {
  return new VirtError("INTERNAL_ERROR", `what listens at ${socket} does not speak sanlock's protocol`);
}
