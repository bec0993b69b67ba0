import { type TypedParam, type TypedValue, VirtError } from "@polyvisor/core";

/** Clients that understand strings say so with this flag, in every call that answers with parameters. */
export const STRING_OKAY = 4;

/** The parameters that a call knows, by name. */
export type ParamTypes = Readonly<Record<string, TypedValue["type"]>>;

/** Refuses parameters that a call does not know, that are of another type, or that come twice. Called before anything is changed. */
export function checkParams(params: readonly TypedParam[], known: ParamTypes): void {
  // libvirt looks at them by name, so that of several faults it is the same one that is told
  const sorted = [...params].sort((a, b) => (a.field < b.field ? -1 : a.field > b.field ? 1 : 0));
  let last: string | undefined;
  for (const { field, type } of sorted) {
    const wanted = Object.hasOwn(known, field) ? known[field] : undefined;
    if (wanted === undefined) {
      const hint = `known are: ${Object.keys(known).join(", ")}`;
      throw new VirtError("ARGUMENT_UNSUPPORTED", `parameter '${field}' not supported`, { hint });
    }
    if (field === last) throw invalid(`parameter '${field}' occurs multiple times`, "give it once");
    if (type !== wanted) {
      throw invalid(`invalid type '${type}' for parameter '${field}', expected '${wanted}'`, "give it with that type");
    }
    last = field;
  }
}

/** A number among parameters that have been checked; `undefined` where it is not given. */
export function numberParam(params: readonly TypedParam[], field: string): number | undefined {
  const found = params.find((param) => param.field === field);
  return found === undefined ? undefined : Number(found.value);
}

function invalid(detail: string, hint: string): VirtError {
  return new VirtError("INVALID_ARG", detail, { hint });
}
