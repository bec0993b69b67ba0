import type { OnOff, YesNo } from "@polyvisor/sdk/conf";

export type PropValue = string | number | bigint | boolean | null | readonly PropValue[] | Props;

/** Properties in the order in which they are printed; undefined ones are left out. */
export interface Props {
  readonly [name: string]: PropValue | undefined;
}

/** As JSON.stringify, but a 64-bit number (a WWN) may be a bigint. */
export function jsonText(value: PropValue): string {
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (isList(value)) return `[${value.map(jsonText).join(",")}]`;
  const entries = Object.entries(value).flatMap(([name, item]) =>
    item === undefined ? [] : [`${JSON.stringify(name)}:${jsonText(item)}`],
  );
  return `{${entries.join(",")}}`;
}

/** QEMU reads a comma as the end of a value unless it is doubled. */
export function escapeComma(text: string): string {
  return text.replaceAll(",", ",,");
}

export function fromOnOff(state: OnOff | undefined): boolean | undefined {
  return state === undefined ? undefined : state === "on";
}

export function fromYesNo(state: YesNo | undefined): boolean | undefined {
  return state === undefined ? undefined : state === "yes";
}

export function yesToOn(state: YesNo): OnOff {
  return state === "yes" ? "on" : "off";
}

/** A number of which 0 means "not said". */
export function positive(value: number | undefined): number | undefined {
  return value === undefined || value <= 0 ? undefined : value;
}

/** The notation of emulators that do not read JSON; `head` names the property that stands first without its name. */
export function propsToOption(head: string, props: Props): string {
  const { [head]: first, ...rest } = props;
  return [String(first), ...flatten("", rest)].join(",");
}

function flatten(prefix: string, props: Props): readonly string[] {
  return Object.entries(props).flatMap(([name, value]) =>
    value === undefined ? [] : option(`${prefix}${name}`, value),
  );
}

function option(name: string, value: PropValue): readonly string[] {
  if (typeof value === "boolean") return [`${name}=${value ? "on" : "off"}`];
  if (typeof value === "string") return [`${name}=${escapeComma(value)}`];
  if (typeof value === "number" || typeof value === "bigint") return [`${name}=${value}`];
  if (value === null) return [];
  if (!isList(value)) return flatten(`${name}.`, value);
  if (value.every((item) => typeof item === "number")) return rangesOf(value).map((range) => `${name}=${range}`);
  return value.flatMap((item) => (isWrapped(item) ? option(name, item.str) : option(name, item)));
}

function isList(value: readonly PropValue[] | Props): value is readonly PropValue[] {
  return Array.isArray(value);
}

/** QAPI's `String`, an object around one string. */
function isWrapped(value: PropValue): value is { readonly str: string } {
  return typeof value === "object" && value !== null && "str" in value;
}

/** `[0, 1, 2, 5]` as `0-2`, `5`. */
export function rangesOf(numbers: readonly number[]): readonly string[] {
  const ranges: [first: number, last: number][] = [];
  for (const number of numbers) {
    const range = ranges.at(-1);
    if (range !== undefined && number === range[1] + 1) range[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`));
}
