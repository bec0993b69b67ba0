import { type ByteStream, CONSOLE_FLAG, type DomainHandle } from "@polyvisor/core";
import type { Command, OptionValues, Session } from "../command.js";
import { findDomain } from "../find.js";

/** Ctrl and `]`: what a terminal sends to leave a console. */
const ESCAPE = 0x1d;

export const consoleCommand: Command = {
  usage: "console <name>",
  description: "Connect the terminal to a domain's console; ^] leaves it",
  options: [
    ["--devname <alias>", "The device to connect to, not the first console"],
    ["--force", "Disconnect whoever is connected"],
    ["--safe", "Only where the driver keeps two from connecting at once"],
  ],
  async run(session, [name = ""], options) {
    await attachConsole(session, await findDomain(await session.connection(), name), options);
  },
};

/**
 * Connects standard input and output to the console until the guest ends, or the person leaves.
 *
 * @param connected called once the console is open, such as to let a paused guest go on; called too where it cannot be opened
 */
export async function attachConsole(
  session: Session,
  domain: DomainHandle,
  { devname, force, safe }: OptionValues,
  connected: () => Promise<void> = async () => {},
): Promise<void> {
  const flags = (force ? CONSOLE_FLAG.FORCE : 0) | (safe ? CONSOLE_FLAG.SAFE : 0);
  let stream: ByteStream;
  try {
    stream = await domain.openConsole(typeof devname === "string" ? devname : null, flags);
  } finally {
    await connected();
  }
  session.print(`Connected to domain '${domain.name}'`);
  session.print("Escape character is ^] (Ctrl + ])");
  await relay(stream);
}

/** Carries bytes both ways. Rejects with the stream's error. */
function relay(stream: ByteStream): Promise<void> {
  const { stdin, stdout } = process;
  const typed = (chunk: Buffer) => {
    const at = chunk.indexOf(ESCAPE);
    if (at < 0) {
      if (!stream.write(chunk)) stdin.pause();
      return;
    }
    stream.write(chunk.subarray(0, at));
    stream.destroy();
  };
  const more = () => stdin.resume();
  const leave = () => stream.destroy();
  return new Promise<void>((resolve, reject) => {
    stream.once("error", reject);
    stream.once("close", resolve);
    stream.on("drain", more);
    stream.pipe(stdout, { end: false });
    if (stdin.isTTY) stdin.setRawMode(true);
    stdin.on("data", typed);
    for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"] as const) process.once(signal, leave);
  }).finally(() => {
    for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"] as const) process.off(signal, leave);
    stdin.off("data", typed);
    if (stdin.isTTY) stdin.setRawMode(false);
    stdin.pause();
    stdin.unref();
    if (stdout.isTTY) stdout.write("\n");
  });
}
