import type { VirtError } from "@polyvisor/core";
import type { Dom0Place, XenSettings } from "./settings.js";
import { type Dom0, reachDom0 } from "./transport/index.js";
import { Xenstore } from "./xenstore/client.js";
import type { XenInfo } from "./xl/info.js";
import { Xl } from "./xl/xl.js";

/** How a way to a dom0 is made: in tests it leads to a recording. */
export type Reach = (place: Dom0Place, settings: XenSettings) => Promise<Dom0>;

/** One connection to a dom0: its programs, its xenstore, and what it said of itself when it began. */
export interface Session {
  readonly dom0: Dom0;
  readonly xl: Xl;
  readonly xenstore: Xenstore;
  readonly info: XenInfo;
  /** Names the dom0's present boot. */
  readonly boot: string;
  readonly lost: Promise<VirtError>;
  close(): void;
}

/** Fails, within seconds, with `NO_CONNECT`, `NO_XENSTORE` and their kin. Nothing is left open then. */
export async function openSession(place: Dom0Place, settings: XenSettings, reach: Reach = reachDom0): Promise<Session> {
  const dom0 = await reach(place, settings);
  try {
    const xl = new Xl(dom0, settings.xl, settings.operation_timeout * 1000);
    const xenstore = new Xenstore(await dom0.openXenstore(), settings.timeout * 1000);
    const [info, boot] = await Promise.all([
      xl.info(),
      dom0.run(["cat", "/proc/sys/kernel/random/boot_id"]).then(({ stdout }) => stdout.trim()),
    ]);
    const lost = Promise.race([dom0.lost, xenstore.lost]);
    const close = () => {
      xenstore.close();
      dom0.close();
    };
    void lost.then(close);
    return { dom0, xl, xenstore, info, boot, lost, close };
  } catch (error) {
    dom0.close();
    throw error;
  }
}
