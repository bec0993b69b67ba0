import { VirtError } from "@polyvisor/core";
import { parseValidXml } from "../schema/index.js";

/** Why documents cannot be validated here, undefined where they can: the library is optional, schemas come with libvirt. */
export async function whyNoValidation(): Promise<string | undefined> {
  try {
    await parseValidXml("<secret ephemeral='no' private='no'/>", "secret");
  } catch (error) {
    if (error instanceof VirtError && error.code === "OPERATION_UNSUPPORTED") return error.detail;
    throw error;
  }
  return undefined;
}
