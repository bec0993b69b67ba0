import type { Connection, ErrorName } from "@polyvisor/core";
import type { HypervisorSubject } from "../../hypervisor/index.js";
import type { Check } from "../../kit/index.js";
import type { Definable, DefinableCalls, Reference } from "./definable.js";

/** A connection for one case, closed when it is over. */
export async function connect(
  subject: HypervisorSubject,
  check: Check,
  options?: { readonly readOnly?: boolean },
): Promise<Connection> {
  const connection = await subject.open(options);
  check.cleanup(() => connection.close());
  return connection;
}

/** What a case about definable objects has at hand. */
export interface Bench {
  readonly connection: Connection;
  readonly calls: DefinableCalls;
  /** The profile's document of such an object, or else the kit's own. */
  document(identity: Reference): string;
  /** Defines one that is gone when the case is over. */
  define(name?: string, uuid?: string): Promise<Reference>;
  /** Starts one for the first time. */
  start(ref: Reference): Promise<void>;
  /** Has whatever is there under a name cleaned away when the case is over. */
  forget(name: string): void;
}

export async function bench(subject: HypervisorSubject, check: Check, sort: Definable): Promise<Bench> {
  const connection = await connect(subject, check);
  const calls = sort.calls(connection);
  const forget = (name: string) =>
    check.cleanup(async () => {
      const ref = await calls.byName(name);
      await calls.destroy(ref).catch(() => {});
      await sort.dismantle?.(connection, ref).catch(() => {});
      await calls.undefine(ref).catch(() => {});
    });
  const document = ({ name, uuid }: Reference) =>
    sort.what in check.profile.fixtures ? check.fixture(sort.what, { name, uuid }) : sort.document({ name, uuid });
  return {
    connection,
    calls,
    document,
    forget,
    async define(name = check.newName(), uuid = check.newUuid()) {
      forget(name);
      return calls.define(document({ name, uuid }));
    },
    async start(ref) {
      await sort.prepare?.(connection, ref);
      await calls.create(ref);
    },
  };
}

/** What a call answers that is to answer `code`; one that nobody claims may also say that it is not there. */
export function answerOf(check: Check, call: string, code: ErrorName): readonly ErrorName[] {
  return check.claims(call) ? [code] : [code, "NO_SUPPORT"];
}
