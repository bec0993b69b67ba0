import { type HypervisorCallName, hypervisorApi, xdr } from "@polyvisor/core";

/** The number of a call, to be sent with `argsOf` as its body. */
export function numberOf(name: HypervisorCallName): number {
  return hypervisorApi[name].number;
}

/** A call's arguments as bytes, as the wire has them. */
export function bodyOf(name: HypervisorCallName, args: Record<string, unknown>): Buffer {
  return xdr.encodeToBuffer(hypervisorApi[name].args as unknown as xdr.Codec<unknown, unknown>, args);
}

/** A call's results out of a reply's body, as the wire has them. */
export function resultOf(name: HypervisorCallName, body: Buffer): Record<string, unknown> {
  return xdr.decodeFromBuffer(hypervisorApi[name].ret as unknown as xdr.Codec<Record<string, unknown>, never>, body);
}
