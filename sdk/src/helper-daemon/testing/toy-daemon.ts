import { open } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { Descriptor, logProgram, VirtError } from "@polyvisor/core";
import { runHelperDaemon } from "../index.js";

/**
 * A helper daemon that keeps no logs: what its client appends, on its connection alone, it reads back, behind the number of
 * the program's life and `TOY_WORD`. An append whose path is a number takes so many milliseconds.
 */
await runHelperDaemon<typeof logProgram.calls, { text: string }>({
  name: "toyd",
  libvirtName: "virttoyd",
  packageFile: new URL("../../../package.json", import.meta.url),
  start: async ({ saved }) => {
    const life = saved === undefined ? 1 : (saved as { life: number }).life + 1;
    return {
      program: logProgram,
      handlers: {
        domainOpenLogFile: async ({ path }) => {
          const descriptor = new Descriptor(await promisify(open)(path, "r"));
          return { pos: { inode: 1, offset: 2 }, descriptor };
        },
        domainGetLogFilePosition: () => {
          throw new VirtError("OPERATION_INVALID", "nothing is there", { domain: "LOGGING" });
        },
        domainReadLogFile: (_args, { state }) => `${life} ${process.env.TOY_WORD} ${state.text}`,
        domainAppendLogFile: async ({ path, message }, { state }) => {
          if (path !== "") await delay(Number(path));
          state.text += message;
          return state.text.length;
        },
      },
      newState: () => ({ text: "" }),
      closed: ({ id }) => void process.stdout.write(`client ${id} is gone\n`),
      isBusy: () => false,
      hold: () => Promise.resolve(),
      release: () => {},
      save: () => ({ state: { life }, descriptors: [] }),
      close: () => Promise.resolve(),
    };
  },
});
