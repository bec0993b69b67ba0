import { type TypedParam, VirtError } from "@polyvisor/core";

/** Numbers by name. Throws, in libvirt's words, for a name that is not among `known`, comes twice, or has another type. */
export function readNumbers<K extends string>(
  params: readonly TypedParam[],
  known: readonly K[],
): Partial<Record<K, number>> {
  const numbers: Partial<Record<K, number>> = {};
  for (const param of params) {
    const name = known.find((one) => one === param.field);
    if (name === undefined)
      throw new VirtError("ARGUMENT_UNSUPPORTED", `parameter '${param.field}' not supported`, {
        domain: "ADMIN",
        hint: `what can be set is ${known.join(", ")}`,
      });
    if (numbers[name] !== undefined) throw invalid(`parameter '${name}' occurs multiple times`);
    if (param.type !== "uint") throw invalid(`invalid type '${param.type}' for parameter '${name}', expected 'uint'`);
    numbers[name] = param.value;
  }
  return numbers;
}

/** A list of numbers as typed parameters, in the order of the fields. */
export function uints(values: Readonly<Record<string, number>>): TypedParam[] {
  return Object.entries(values).map(([field, value]) => ({ field, type: "uint", value }));
}

export function invalid(detail: string, hint?: string): VirtError {
  const more = { domain: "ADMIN", message: `invalid argument: ${detail}` } as const;
  return new VirtError("INVALID_ARG", detail, hint === undefined ? more : { ...more, hint });
}
