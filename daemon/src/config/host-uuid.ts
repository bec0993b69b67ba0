import { readFile } from "node:fs/promises";
import { formatUuid } from "@polyvisor/core";
import { z } from "zod/v3";
import { SettingError } from "../startup/start-error.js";

const WORDS = "must be a UUID whose digits are not all the same, such as uuidgen prints";

/** How the host is told from others. */
export const hostUuidKeys = {
  host_uuid: z
    .string()
    .transform((value, context) => {
      const uuid = uuidOf(value);
      if (uuid !== undefined) return uuid;
      context.addIssue({ code: "custom", message: WORDS });
      return z.NEVER;
    })
    .optional(),
  host_uuid_source: z.enum(["smbios", "machine-id"]).optional(),
} as const;

const MACHINE_ID = "/etc/machine-id";

/**
 * The host's UUID where the settings say which; without a word of theirs it is the firmware's, which whoever needs it reads.
 * Throws a `StartError`.
 */
export async function hostUuidOf(settings: {
  readonly host_uuid?: string | undefined;
  readonly host_uuid_source?: "smbios" | "machine-id" | undefined;
}): Promise<string | undefined> {
  if (settings.host_uuid !== undefined) return settings.host_uuid;
  if (settings.host_uuid_source !== "machine-id") return undefined;
  const uuid = uuidOf(await readFile(MACHINE_ID, "utf8").catch(() => ""));
  if (uuid !== undefined) return uuid;
  throw new SettingError(
    "host_uuid_source",
    `${MACHINE_ID} holds no UUID`,
    "give host_uuid, or run systemd-machine-id-setup",
  );
}

function uuidOf(words: string): string | undefined {
  const digits = words.trim().toLowerCase().replaceAll("-", "");
  const isOne = /^[0-9a-f]{32}$/.test(digits) && new Set(digits).size > 1;
  return isOne ? formatUuid(Buffer.from(digits, "hex")) : undefined;
}
