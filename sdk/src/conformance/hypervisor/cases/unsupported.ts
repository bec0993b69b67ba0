import { type Call, hypervisorApi, VirtError } from "@polyvisor/core";
import { brief, Deviation } from "../../kit/index.js";
import { Bench } from "../bench.js";
import { group, type HypervisorCase } from "../case.js";
import { NEEDS_DESCRIPTOR, sampleArgs } from "../sample-args.js";

const { raw } = group("unsupported");

const CALLS = Object.entries(hypervisorApi as Readonly<Record<string, Call>>).filter(
  ([name, { by }]) => by === "driver" && !NEEDS_DESCRIPTOR.has(name),
);

const AT_ONCE_MS = 30_000;

/** Each call that the driver does not claim says so at once, whatever it is asked. */
export const unsupportedCases: readonly HypervisorCase[] = CALLS.map(([name, call]) =>
  raw(name, [], async (subject, check) => {
    if (check.claims(name)) check.leaveOut("the driver claims it");
    const { api } = await Bench.open(subject, check);
    const nobody = { name: check.newName(), uuid: check.newUuid(), id: -1 };
    const calls = api as unknown as Readonly<Record<string, (args: unknown) => Promise<unknown>>>;
    const answer = calls[name]?.(sampleArgs(call, nobody)) ?? Promise.resolve();
    const error = await check.within(name, answer, AT_ONCE_MS).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error instanceof Deviation) throw error;
    if (error instanceof VirtError && error.code === "NO_SUPPORT") return;
    check.fail(`${name} is not claimed, and answers ${error === undefined ? "with success" : brief(error)}`);
  }),
);
