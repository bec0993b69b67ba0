import fs = require("node:fs");
import net = require("node:net");
import path = require("node:path");
import tty = require("node:tty");

/**
 * The part of the shim that listens: carries what the container's terminals say to the terminals that clients open and back,
 * and tells on NAME.sock, in libvirt's monitor program, of the container's init and of its end. It imports nothing of ours:
 * there is one of it for each container. Its standard input ends with the container.
 *
 *   node keeper.cjs FOLDER NAME
 */

/** The descriptors of `consoles.json`: the container's end of a terminal, and the clients', which may be nobody's. */
interface Console {
  readonly guest: number;
  readonly host?: number;
}

const PROGRAM = 0x12341234;
const EXIT = { proc: 1, ERROR: 0, SHUTDOWN: 1, REBOOT: 2 } as const;
const INIT = 2;
const MESSAGE = 2;
/** What clients have typed and the container has not read yet, in bytes; more waits in the terminal. */
const MOST_TYPED = 65536;
const AGAIN_MS = 20;
/** The engine's own folder for the container. */
const ENGINE = "engine/container";

const [, , folder = "", name = ""] = process.argv;
const clients = new Set<net.Socket>();
let initPid = "";
/** A container that was started anew has a socket of the same name. */
let socketInode: number | undefined;

/** As much as the terminal takes now. Nobody waits for clients who do not read: the container never does. */
function put(descriptor: number, data: Uint8Array): number {
  try {
    return fs.writeSync(descriptor, data);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return 0;
    throw error;
  }
}

function relay({ guest, host }: Console): void {
  const fromGuest = new tty.ReadStream(guest);
  fromGuest.on("error", () => {});
  fromGuest.on("data", (data: Buffer) => {
    if (host !== undefined) put(host, data);
  });
  if (host === undefined) return;
  const fromHost = new tty.ReadStream(host);
  fromHost.on("error", () => {});
  let typed = Buffer.alloc(0);
  const pass = () => {
    typed = typed.subarray(put(guest, typed));
    if (typed.length >= MOST_TYPED) fromHost.pause();
    else fromHost.resume();
    if (typed.length > 0) setTimeout(pass, AGAIN_MS);
  };
  fromHost.on("data", (data: Buffer) => {
    const wasWaiting = typed.length > 0;
    typed = Buffer.concat([typed, data]);
    if (!wasWaiting) pass();
  });
}

function message(procedure: number, body: Buffer): Buffer {
  const frame = Buffer.alloc(28 + body.length);
  [frame.length, PROGRAM, 1, procedure, MESSAGE, 0, 0].forEach((word, index) => {
    frame.writeUInt32BE(word, index * 4);
  });
  body.copy(frame, 28);
  return frame;
}

function initMessage(): Buffer {
  const body = Buffer.alloc(8);
  body.writeBigUInt64BE(BigInt(initPid));
  return message(INIT, body);
}

function exitMessage(status: number): Buffer {
  const body = Buffer.alloc(4);
  body.writeInt32BE(status);
  return message(EXIT.proc, body);
}

function tell(frame: Buffer): void {
  for (const client of clients) client.write(frame);
}

function textOf(file: string): string {
  try {
    return fs.readFileSync(`${folder}/${file}`, "utf8").trim();
  } catch {
    return "";
  }
}

/** A container is known once it runs; another init means that it has booted anew. */
function lookAtInit(): void {
  const pid = /"pid":\s*(\d+)\s*[,}]/.exec(textOf(`${ENGINE}/status`))?.[1] ?? initPid;
  if (pid === initPid) return;
  if (initPid !== "") tell(exitMessage(EXIT.REBOOT));
  initPid = pid;
  tell(initMessage());
}

let watched: fs.FSWatcher | undefined;

/** The engine makes a folder for the container, in which it says that it runs, and removes it; another one for each boot. */
function watchEngine(): void {
  watched?.close();
  watched = undefined;
  try {
    watched = fs.watch(`${folder}/${ENGINE}`, lookAtInit).on("error", () => {});
  } catch {
    // It is not there now.
  }
  lookAtInit();
}

function listen(): void {
  // The kernel takes short paths only.
  process.chdir(path.dirname(folder));
  const socket = `${name}.sock`;
  remove(socket);
  const server = net.createServer((client) => {
    clients.add(client);
    client.on("error", () => {});
    client.once("close", () => clients.delete(client));
    client.resume();
    if (initPid !== "") client.write(initMessage());
  });
  server.listen(socket);
  // It is there at once, and may have to go before the loop has turned.
  socketInode = fs.statSync(socket).ino;
}

function remove(file: string): void {
  try {
    fs.unlinkSync(file);
  } catch {
    // It was not there.
  }
}

function removeOwn(file: string): void {
  try {
    if (fs.statSync(file).ino === socketInode) fs.unlinkSync(file);
  } catch {
    // It is gone already.
  }
}

function end(): void {
  tell(exitMessage(textOf("ended") === "" ? EXIT.ERROR : EXIT.SHUTDOWN));
  for (const client of clients) client.end();
  setImmediate(() => {
    removeOwn(`${name}.sock`);
    process.exit(0);
  });
}

for (const each of JSON.parse(fs.readFileSync(`${folder}/consoles.json`, "utf8")) as Console[]) relay(each);
fs.watch(`${folder}/engine`, watchEngine);
process.once("SIGTERM", end);
listen();
watchEngine();
process.stdin.on("end", end).on("error", end).resume();
