/** A part of libxl's `libxl_domain_config` as JSON. What is undefined is not printed. */
export type Json = string | number | boolean | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json | undefined;
}

/** libxl's three-valued truth: undefined leaves the choice to libxl. */
export function truth(value: boolean | undefined): "True" | "False" | undefined {
  return value === undefined ? undefined : value ? "True" : "False";
}

export function isOn(value: "on" | "off" | undefined): boolean | undefined {
  return value === undefined ? undefined : value === "on";
}
