import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { runHelper } from "@polyvisor/sdk/process";
import { xenError } from "../errors.js";
import { childStream } from "./child-stream.js";
import type { CommandOptions, Dom0, Words } from "./dom0.js";

/** The most that a command's output may be, in bytes: `xl list -l` writes some kB for each domain. */
const OUTPUT_MAX = 64 << 20;

/** This host is the dom0. */
export function localDom0(xenstoreSocket: string, deadline: number): Dom0 {
  return {
    name: "this host",
    isElsewhere: false,
    lost: new Promise(() => {}),
    run: (argv: Words, options: CommandOptions = {}) =>
      runHelper(argv, { deadline, maxOutput: OUTPUT_MAX, ...options }),
    open: childStream,
    openXenstore: () => connectTo(xenstoreSocket),
    close() {},
  };
}

function connectTo(path: string): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => resolve(socket));
    socket.once("error", (cause) =>
      reject(xenError("NO_XENSTORE", `${path}: ${cause.message}`, "is xenstored running, and is this a dom0?")),
    );
  });
}
