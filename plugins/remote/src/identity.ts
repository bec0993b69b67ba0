import type { Identity, TypedParam } from "@polyvisor/core";

/** Who a client is, as a proxy tells a daemon of it (`VIR_CONNECT_IDENTITY_*`). What is not known is left out. */
export function identityParams({ uid, gid, pid, startTime, saslName, x509Name }: Identity): TypedParam[] {
  return [
    ...(uid === undefined ? [] : [{ field: "unix-user-id", type: "ullong", value: uid } as const]),
    ...(gid === undefined ? [] : [{ field: "unix-group-id", type: "ullong", value: gid } as const]),
    ...(pid === undefined ? [] : [{ field: "process-id", type: "llong", value: pid } as const]),
    ...(startTime === undefined ? [] : [{ field: "process-time", type: "ullong", value: startTime } as const]),
    ...(saslName === undefined ? [] : [{ field: "sasl-user-name", type: "string", value: saslName } as const]),
    ...(x509Name === undefined ? [] : [{ field: "x509-distinguished-name", type: "string", value: x509Name } as const]),
  ];
}
