import { type Identity, type TypedParam, VirtError } from "@polyvisor/core";
import { checkParams, type ParamTypes } from "@polyvisor/sdk/typed-params";

/** What a proxy may tell of the client that it speaks for (`VIR_CONNECT_IDENTITY_*`). */
const KNOWN: ParamTypes = {
  "user-name": "string",
  "unix-user-id": "ullong",
  "group-name": "string",
  "unix-group-id": "ullong",
  "process-id": "llong",
  "process-time": "ullong",
  "sasl-user-name": "string",
  "x509-distinguished-name": "string",
  "selinux-context": "string",
  "system.token": "string",
};

/** The largest id of a user, a group or a process. */
const ID_MAX = 0xffffffffn;

/**
 * The identity that a proxy tells of; names of users and groups are left to their numbers, and contexts of SELinux to nobody.
 * Throws where a parameter is not one of libvirt's, or is no number that anything could have.
 */
export function forwardedIdentity(params: readonly TypedParam[]): Identity {
  checkParams(params, KNOWN);
  const values = new Map(params.map(({ field, value }) => [field, value]));
  const idOf = (field: string): number | undefined => {
    const value = values.get(field);
    if (value === undefined) return undefined;
    const number = BigInt(value as bigint | number);
    if (number < 0n || number > ID_MAX)
      throw new VirtError("INVALID_ARG", `parameter '${field}' is out of range: ${number}`, {
        hint: `it is a number up to ${ID_MAX}`,
      });
    return Number(number);
  };
  const textOf = (field: string) => values.get(field) as string | undefined;
  const time = values.get("process-time");
  return compact({
    uid: idOf("unix-user-id"),
    gid: idOf("unix-group-id"),
    pid: idOf("process-id"),
    startTime: time === undefined ? undefined : BigInt(time as bigint | number),
    saslName: textOf("sasl-user-name"),
    x509Name: textOf("x509-distinguished-name"),
  });
}

type Loose<T> = { readonly [K in keyof T]: T[K] | undefined };

function compact(identity: Loose<Required<Identity>>): Identity {
  return Object.fromEntries(Object.entries(identity).filter(([, value]) => value !== undefined));
}
