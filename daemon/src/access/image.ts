import type { CallContext, MaybePromise, ObjectAttributes } from "@polyvisor/core";
import type { Args } from "../rpc/table.js";
import type { Asker } from "./asker.js";
import { documentAttributes, param } from "./document.js";
import { whenThere } from "./maybe.js";

/** The file of a saved domain that a call is about; `undefined` for a call that is about none. */
export function imagePath(args: Args): string | undefined {
  const path = args.from ?? args.file ?? param(args, "file");
  return typeof path === "string" ? path : undefined;
}

/**
 * What the saved domain in a file is, whatever the client's own document says. `undefined` where the driver cannot tell;
 * throws or rejects as the driver does where the file is none.
 */
export function imageAttributes(asker: Asker, file: string): MaybePromise<ObjectAttributes | undefined> {
  const { connection, identity, log } = asker;
  if (connection.domainSaveImageGetXMLDesc === undefined) return undefined;
  const context: CallContext = { identity, readOnly: true, signal: new AbortController().signal, log };
  return whenThere(connection.domainSaveImageGetXMLDesc({ file, flags: 0 }, context), (xmlDesc) =>
    typeof xmlDesc === "string" ? documentAttributes("domain", { xmlDesc }) : undefined,
  );
}
