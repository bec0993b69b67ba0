import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { CLIENT_TRANSPORT, type TypedParam } from "@polyvisor/core";
import type { ManagedClient } from "./managed.js";

/** What is known of a client, under libvirt's names and in its order. */
export async function describeClient(client: ManagedClient): Promise<readonly TypedParam[]> {
  const { saslName, x509Name } = client.identity;
  const params: TypedParam[] = [{ field: "readonly", type: "boolean", value: client.readOnly }];
  addText(params, "sasl_user_name", saslName);
  if (client.transport === CLIENT_TRANSPORT.UNIX) return [...params, ...(await unixIdentity(client))];
  addText(params, "sock_addr", client.address);
  addText(params, "tls_x509_dname", x509Name);
  return params;
}

async function unixIdentity({ identity }: ManagedClient): Promise<readonly TypedParam[]> {
  const { uid, gid, pid } = identity;
  const [user, group] = await Promise.all([nameOf("passwd", uid), nameOf("group", gid)]);
  const params: TypedParam[] = [];
  addNumber(params, "unix_user_id", uid);
  addText(params, "unix_user_name", user);
  addNumber(params, "unix_group_id", gid);
  addText(params, "unix_group_name", group);
  addNumber(params, "unix_process_id", pid);
  return params;
}

/** `getent` asks every source of users and groups that the host has, as some of them may be far away. */
async function nameOf(database: "passwd" | "group", id: number | undefined): Promise<string | undefined> {
  if (id === undefined) return undefined;
  try {
    const { stdout } = await promisify(execFile)("getent", [database, String(id)], { timeout: GETENT_MS });
    return stdout.split(":")[0];
  } catch {
    return undefined;
  }
}

const GETENT_MS = 5000;

function addText(params: TypedParam[], field: string, value: string | undefined): void {
  if (value !== undefined) params.push({ field, type: "string", value });
}

function addNumber(params: TypedParam[], field: string, value: number | undefined): void {
  if (value !== undefined) params.push({ field, type: "int", value });
}
