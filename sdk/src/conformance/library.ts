import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHost, type Host, rootPaths } from "@polyvisor/core";
import { completeProfile, type HypervisorProfile, type HypervisorSubject, hypervisorKit } from "./hypervisor/index.js";
import { type AvaTest, type Known, registerKit } from "./kit/index.js";

export interface ConformanceOptions {
  /** Makes what is tested: `ofPlugin`, or anything else that opens connections. */
  create(): Promise<HypervisorSubject> | HypervisorSubject;
  /** What the author says of the driver beside what it declares by its handlers. */
  readonly profile?: HypervisorProfile;
  /** Deviations that are known and explained. */
  readonly known?: readonly Known[];
}

/** The kits for a driver's own tests with ava. */
export const conformance = {
  /** Registers a test of ava for each case of the hypervisor kit. Awaited at the top of a test file, before any other test. */
  async hypervisor(test: AvaTest, { create, profile, known = [] }: ConformanceOptions): Promise<void> {
    const subject = await create();
    const whole = await completeProfile(subject, profile);
    registerKit(test, hypervisorKit, subject, { profile: whole, known, close: () => subject.close() });
  },
};

/**
 * The plugin of a package's folder, found by its manifest and loaded as a daemon would, with files of its own in a temporary
 * folder that goes with it. A restart is one of the host: what the plugin has kept in files is there again.
 */
export async function ofPlugin(folder: string, uri: string): Promise<HypervisorSubject> {
  const root = await mkdtemp(join(tmpdir(), "polyvisor-kit-"));
  const make = async (): Promise<Host> => {
    const host = await createHost({
      mode: "system",
      plugins: [folder],
      paths: rootPaths(root),
    });
    await host.start();
    return host;
  };
  let host = await make();
  return {
    open: ({ readOnly = false } = {}) => host.open(uri, { readOnly }),
    async restart() {
      await host.close();
      host = await make();
    },
    async close() {
      await host.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}
