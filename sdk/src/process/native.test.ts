import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants as files, openSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import test from "ava";
import {
  closeDescriptor,
  hasHungUp,
  listenUnix,
  notifySystemd,
  openPidfd,
  peerCredentials,
  signalPidfd,
  streamOnDescriptor,
  watchDescriptor,
} from "./index.js";

const folders: string[] = [];

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "polyvisor-native-"));
  folders.push(path);
  return path;
}

test.after.always(() => Promise.all(folders.map((path) => rm(path, { recursive: true }))));

/** Runs a Python program that prints one line when it is ready, and resolves with what it printed. */
async function python(program: string): Promise<{ next(): Promise<string>; pid: number | undefined }> {
  const child = spawn("python3", ["-uc", program], { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return { pid: child.pid, next: async () => String((await lines.next()).value) };
}

test("a socket's peer is known by pid, uid and gid", async (t) => {
  const path = join(await folder(), "s");
  const server = net.createServer().listen(path);
  await once(server, "listening");
  const peer = await python(
    `import socket,time;s=socket.socket(socket.AF_UNIX);s.connect(${JSON.stringify(path)});time.sleep(9)`,
  );
  const [socket] = (await once(server, "connection")) as [net.Socket];
  t.deepEqual(peerCredentials(socket), {
    pid: peer.pid ?? 0,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
  });
  process.kill(peer.pid ?? 0);
  socket.destroy();
  t.throws(() => peerCredentials(socket), { message: /EBADF/ });
  server.close();
});

test("the end of a socket's peer is seen before all is read that it left", async (t) => {
  const path = join(await folder(), "s");
  const server = net.createServer({ pauseOnConnect: true }).listen(path);
  await once(server, "listening");
  const peer = net.connect(path);
  const [socket] = (await once(server, "connection")) as [net.Socket];
  await new Promise((sent) => peer.write("nobody reads this", sent));
  t.false(hasHungUp(socket));
  peer.destroy();
  await once(peer, "close");
  t.true(hasHungUp(socket));
  socket.destroy();
  t.throws(() => hasHungUp(socket), { message: /EBADF/ });
  server.close();
});

test("the service manager is told, by path and by abstract name, and nobody where none asked", async (t) => {
  const path = join(await folder(), "notify");
  for (const name of [path, `@polyvisor-test-${process.pid}`]) {
    const manager = await python(
      `import socket;s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM);s.bind(${JSON.stringify(name)}.replace("@","\\0"));print("bound");print(repr(s.recv(99)))`,
    );
    t.is(await manager.next(), "bound");
    t.true(notifySystemd("READY=1\nSTATUS=up", { NOTIFY_SOCKET: name }));
    t.is(await manager.next(), "b'READY=1\\nSTATUS=up'");
  }
  t.false(notifySystemd("READY=1", {}));
  t.false(notifySystemd("READY=1", { NOTIFY_SOCKET: join(await folder(), "none") }));
});

test("a child accepts on a listening socket that was made for it", async (t) => {
  const path = join(await folder(), "monitor");
  const fd = listenUnix(path);
  const program = "import socket;s=socket.socket(fileno=3);c,_=s.accept();c.send(b'hello')";
  const child = spawn("python3", ["-c", program], { stdio: ["ignore", "inherit", "inherit", fd] });
  closeDescriptor(fd);
  const socket = net.connect(path);
  const [data] = (await once(socket, "data")) as [Buffer];
  t.is(data.toString(), "hello");
  socket.destroy();
  if (child.exitCode === null) await once(child, "exit");
});

test("a socket cannot listen where the path is too long or taken", async (t) => {
  t.throws(() => listenUnix(`/tmp/${"x".repeat(200)}`), { message: "bind: ENAMETOOLONG" });
  t.throws(() => listenUnix("/nonexistent/socket"), { message: "bind: ENOENT" });
});

test("a pidfd tells the end of a process that is no child, and signals it", async (t) => {
  const parent = await python("import subprocess;p=subprocess.Popen(['sleep','60']);print(p.pid);p.wait()");
  const pid = Number(await parent.next());
  const pidfd = openPidfd(pid);
  const ended = new Promise<void>((resolve) => watchDescriptor(openPidfd(pid), resolve));
  const waiting = await Promise.race([ended.then(() => "ended"), new Promise((done) => setTimeout(done, 50, "alive"))]);
  t.is(waiting, "alive");
  signalPidfd(pidfd, constants.signals.SIGKILL);
  const keepAlive = setTimeout(() => t.fail("the end was not noticed"), 120_000);
  await ended;
  clearTimeout(keepAlive);
  closeDescriptor(pidfd);
});

test("there is no pidfd for a process that does not exist", (t) => {
  t.throws(() => openPidfd(2 ** 22 + 1), { message: /pidfd_open: (ESRCH|EINVAL)/ });
});

test("a terminal is read and written as a stream", async (t) => {
  const terminal = await python(
    "import os,tty;m,s=os.openpty();tty.setraw(s);print(os.ttyname(s));d=os.read(m,99);os.write(m,d.upper());os.read(m,1)",
  );
  const stream = streamOnDescriptor(openSync(await terminal.next(), files.O_RDWR | files.O_NOCTTY));
  stream.write("boot");
  const [data] = (await once(stream, "data")) as [Buffer];
  t.is(data.toString(), "BOOT");
  stream.destroy();
  process.kill(terminal.pid ?? 0);
});
