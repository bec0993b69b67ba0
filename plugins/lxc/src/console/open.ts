import { constants, open as openCallback } from "node:fs";
import { promisify } from "node:util";
import { type ByteStream, VirtError } from "@polyvisor/core";
import type { Domain as Config } from "@polyvisor/sdk/conf/domain";
import { streamOnDescriptor } from "@polyvisor/sdk/process";

const openFile = promisify(openCallback);

/** The terminal that the shim's keeper serves for a console; `null` is the first. */
export async function openConsole({ devices }: Config, device: string | null): Promise<ByteStream> {
  const console = device === null ? devices.consoles[0] : devices.consoles.find(({ alias }) => alias === device);
  if (console === undefined) {
    throw new VirtError("INTERNAL_ERROR", `cannot find console device '${device ?? "default"}'`, {
      domain: "LXC",
      hint: "`dumpxml` shows the consoles and their aliases",
    });
  }
  const path = console.source.type === "pty" ? console.source.path : undefined;
  if (path === undefined) {
    throw new VirtError("INTERNAL_ERROR", `character device ${device ?? "default"} is not using a PTY`, {
      domain: "LXC",
      hint: "<console type='pty'/>",
    });
  }
  // Without O_NOCTTY the terminal would become the daemon's own.
  const stream = streamOnDescriptor(await openFile(path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK));
  // The other end of a terminal hangs up with an error: for a reader it is an end like any other.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EIO") stream.push(null);
  });
  return stream;
}
