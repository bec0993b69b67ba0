import { type CallContext, formatUri, type Uri, VirtError } from "@polyvisor/core";
import type { NodeContents } from "../test-node.js";
import { readClientFile } from "./client-file.js";
import { contentsOf } from "./contents.js";
import { gatherNode } from "./gather.js";
import { checkUser, usersOf } from "./users.js";

/** What the file holds that a URI names. Throws where the client may not read it, or not open what it describes. */
export async function openNodeFile(uri: Uri, context: CallContext): Promise<NodeContents> {
  if (context.readOnly) {
    throw new VirtError("OPERATION_DENIED", "read only access prevents reading a node's file", {
      domain: "TEST",
      hint: "connect without read-only access",
    });
  }
  const root = await gatherNode(uri.path, (path) => readClientFile(path, context));
  const users = usersOf(root);
  const contents = await contentsOf(root);
  checkUser(users, uri);
  return contents;
}

/** The URI that a client is told: without what it proved itself with. */
export function canonicalUri(uri: Uri): string {
  return formatUri({ ...uri, user: undefined, params: [], fragment: undefined });
}
