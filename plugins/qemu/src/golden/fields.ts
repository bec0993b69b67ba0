import type { GoldenCase } from "@polyvisor/sdk/golden";

export function textField(row: GoldenCase, name: string): string | undefined {
  const value = row[name];
  return typeof value === "string" ? value : undefined;
}

export function listField(row: GoldenCase, name: string): readonly string[] {
  const value = row[name];
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

/** A setting of the driver or of the environment that the row's test changed before it; `null` in the row: taken away. */
export function settingOf(row: GoldenCase, group: "cfg" | "env" | "misc", name: string): string | undefined {
  const state = row.hostState as { readonly [group: string]: { readonly [name: string]: unknown } } | null | undefined;
  const value = state?.[group]?.[name];
  return typeof value === "string" ? value : undefined;
}
