import { deepStrictEqual, ok } from "node:assert/strict";
import { document, until } from "./dom0.mjs";

export const uuid = (last) => `11111111-2222-3333-4444-5555555555${last}`;
export const stateOf = (dom0, name) => dom0.virsh(dom0.ours, "domstate", name);

/** What `xl list` has of a domain; `undefined` where it has none of that name. */
export async function rowOf(dom0, name) {
  for (const line of (await dom0.shell("xl list")).split("\n")) {
    const [called, id, memory, vcpus, state = ""] = line.trim().split(/\s+/);
    if (called === name)
      return { id: Number(id), memory: Number(memory), vcpus: Number(vcpus), paused: state[2] === "p" };
  }
  return undefined;
}

/** Fails where virsh complains. */
export async function done(dom0, ...words) {
  const said = await dom0.virsh(dom0.ours, ...words);
  ok(!said.includes("error:"), `${words.join(" ")}: ${said}`);
  return said;
}

export async function defined(dom0, name, id, options) {
  await done(dom0, "define", await dom0.file(`${name}.xml`, document(name, id, options)));
}

/** A domain that has booted, as xl has it. */
export async function started(dom0, name, id, options) {
  await defined(dom0, name, id, options);
  await done(dom0, "start", name);
  deepStrictEqual(await stateOf(dom0, name), "running");
  return booted(dom0, name);
}

/** Waits, once in each boot, for the domain's first program: before that requests are heard and forgotten. */
export async function booted(dom0, name) {
  await until(`${name} has booted`, async () => {
    const { id } = (await rowOf(dom0, name)) ?? {};
    const tty = `tty=$(xenstore-read /local/domain/${id}/console/tty 2>/dev/null) && [ -c "$tty" ]`;
    const look = `${tty} && timeout 600 grep -q -m 1 DOMU-UP "$tty" && echo up || true`;
    return id !== undefined && (await dom0.shell(look)).includes("up");
  });
  return rowOf(dom0, name);
}

export async function gone(dom0, name) {
  await dom0.virsh(dom0.ours, "destroy", name);
  await dom0.virsh(dom0.ours, "undefine", name, "--managed-save");
  deepStrictEqual(await rowOf(dom0, name), undefined);
}
