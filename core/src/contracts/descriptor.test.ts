import { openSync, readlinkSync } from "node:fs";
import test from "ava";
import { closeAll, Descriptor, whileOpen } from "./index.js";

function open(): Descriptor {
  return new Descriptor(openSync("/dev/zero", "r"));
}

function isOpen(fd: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`) === "/dev/zero";
  } catch {
    return false;
  }
}

/** They are closed beside the loop. */
async function untilClosed(fds: readonly number[]): Promise<void> {
  while (fds.some(isOpen)) await new Promise((resolve) => setTimeout(resolve, 5));
}

test.serial("a descriptor is closed once, and its number is nobody's then", async (t) => {
  const descriptor = open();
  const { fd } = descriptor;
  t.true(isOpen(fd));
  descriptor.close();
  await untilClosed([fd]);
  t.throws(() => descriptor.fd, { message: /closed/ });
  t.throws(() => descriptor.take(), { message: /closed/ });
  const other = open();
  descriptor.close();
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.true(isOpen(other.fd));
  other.close();
});

test.serial("who takes a number closes it, and nobody else does", async (t) => {
  const descriptor = open();
  const fd = descriptor.take();
  descriptor.close();
  await new Promise((resolve) => setTimeout(resolve, 20));
  t.true(isOpen(fd));
  new Descriptor(fd).close();
  await untilClosed([fd]);
  t.pass();
});

test.serial("what a call leaves is closed when it has ended, however it ends", async (t) => {
  const endings: Readonly<Record<string, () => Promise<string>>> = {
    works: async () => "works",
    fails: async () => {
      throw new Error("fails");
    },
  };
  for (const [name, end] of Object.entries(endings)) {
    const [kept, left] = [open(), open()];
    const fds = [kept.take(), left.fd] as const;
    const call = whileOpen([kept, left], () => {
      t.true(fds.every(isOpen));
      return end();
    });
    t.is(await call.catch((error: Error) => error.message), name);
    await untilClosed([fds[1]]);
    t.true(isOpen(fds[0]));
    closeAll([new Descriptor(fds[0])]);
    await untilClosed(fds);
  }
});
