import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import type { Transport } from "./client-ways.js";

/** Gives a program one socket as its standard input and output, and then is that program. */
const LAUNCHER = 'exec "$@" <&3 >&3 3>&-';

/** Of what a program says on its standard error, the last part is kept: it tells why the program ended. */
const WORDS_MAX = 1024;

/** How long a program that hung up may take to say why, in milliseconds. */
const WORDS_MS = 1000;

/**
 * Starts a program, such as ssh, that carries the connection on its standard input and output. It may ask for a password at
 * the terminal of this process. It ends with the connection.
 */
export function connectCommand(argv: readonly string[]): Transport {
  const child = spawn("/bin/sh", ["-c", LAUNCHER, "sh", ...argv], { stdio: ["ignore", "ignore", "pipe", "pipe"] });
  const [, , errors, socket] = child.stdio as unknown as [null, null, Socket, Socket];
  let said = "";
  errors.on("data", (text: Buffer) => {
    said = `${said}${text}`.slice(-WORDS_MAX);
  });
  const ended = once(child, "close").catch((error: Error) => {
    said = error.message;
    socket.destroy();
  });
  socket.once("close", () => child.kill());
  return {
    socket,
    async lastWords() {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise((resolve) => {
        timer = setTimeout(resolve, WORDS_MS);
      });
      await Promise.race([ended, late]);
      clearTimeout(timer);
      return said.trim().replace(/^sh: \d+: exec: /gm, "");
    },
  };
}
