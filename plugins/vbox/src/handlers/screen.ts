import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { DomainActionsHandlers } from "@polyvisor/core";
import { checkFlags, vboxError } from "../errors.js";
import type { Machines } from "../machine/machines.js";
import { isActive } from "../machine/state.js";
import { scancodesOf } from "./scancodes.js";

/** What a machine's user sees and presses. */
export function screenHandlers(machines: Machines): DomainActionsHandlers {
  const { manage } = machines;

  async function checkRuns(dom: Parameters<Machines["info"]>[0]): Promise<void> {
    if (!isActive(await machines.info(dom)))
      throw vboxError("OPERATION_INVALID", "Domain is not running", { hint: "virsh start" });
  }

  return {
    async domainScreenshot({ dom, screen, flags }) {
      checkFlags(flags, 0, "vboxDomainScreenshot");
      await checkRuns(dom);
      const folder = await mkdtemp(join(tmpdir(), "polyvisor-vbox-"));
      try {
        const path = join(folder, "screen.png");
        await manage.run("controlvm", dom.uuid, "screenshotpng", path, ...(screen === 0 ? [] : [String(screen)]));
        return { mime: "image/png", stream: new PassThrough().end(await readFile(path)) };
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    async domainSendKey({ dom, codeset, holdtime, keycodes, flags }) {
      checkFlags(flags, 0, "vboxDomainSendKey");
      const { pressed, released } = scancodesOf(codeset, keycodes);
      await checkRuns(dom);
      await manage.run("controlvm", dom.uuid, "keyboardputscancode", ...pressed);
      await delay(holdtime);
      await manage.run("controlvm", dom.uuid, "keyboardputscancode", ...released);
    },
  };
}
