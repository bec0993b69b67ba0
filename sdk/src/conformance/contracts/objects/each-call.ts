import { type Call, hypervisorApi, VirtError } from "@polyvisor/core";
import type { HypervisorSubject } from "../../hypervisor/index.js";
import { NEEDS_DESCRIPTOR, sampleArgs, takesFlags } from "../../hypervisor/sample-args.js";
import { brief, type Case } from "../../kit/index.js";
import { connect } from "./made.js";

const NOBODY = { name: "no-such-thing", uuid: "00000000-0000-4000-8000-00000000c0de", id: -1 };
const UNKNOWN_FLAG = 0x40000000;
const API: Readonly<Record<string, Call>> = hypervisorApi;

type AnyCall = (args: unknown) => Promise<unknown>;

/**
 * Of each call of a kit: it is there where it is claimed, and else says that it is not; and nobody makes it who only looks
 * where it changes something. What it is asked about is not there, and its flags are nobody's, so that it can change nothing.
 */
export function callCases(what: string, calls: readonly string[]): Case<HypervisorSubject>[] {
  return calls
    .filter((name) => API[name]?.by === "driver" && !NEEDS_DESCRIPTOR.has(name))
    .map((name) => ({
      name: `${what}: ${name} is there where it is claimed, for those who may make it`,
      group: "calls",
      needs: [],
      async run(subject, check) {
        const call = check.present(API[name], `the call ${name}`);
        const args = sampleArgs(call, NOBODY, takesFlags(call) ? UNKNOWN_FLAG : 0);
        const ask = async (readOnly: boolean) => {
          const { api } = await connect(subject, check, { readOnly });
          const answer = (api as unknown as Readonly<Record<string, AnyCall>>)[name]?.(args);
          return check.within(
            name,
            Promise.resolve(answer).then(
              () => undefined,
              (error: unknown) => error,
            ),
          );
        };
        const error = await ask(false);
        if (error !== undefined && !(error instanceof VirtError)) check.fail(`${brief(error)} is no error of the API`);
        const isThere = !(error instanceof VirtError && error.code === "NO_SUPPORT");
        check.equal(isThere, check.claims(name), "that the call is there");
        if (!isThere || call.readOnly) return;
        const refusal = await ask(true);
        const code = refusal instanceof VirtError ? refusal.code : refusal;
        check.equal(code, "OPERATION_DENIED", "the answer to a client that came to look");
      },
    }));
}
