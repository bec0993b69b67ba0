import { type ErrorName, VirtError } from "@polyvisor/core";
import type { StorageAdapter, StoragePool } from "./model.js";

const WWN = /^(?:0x)?[0-9a-fA-F]{16}$/;

/** What the types cannot say of a pool that was not read from XML. Throws `VirtError` in libvirt's words. */
export function validateStoragePool(pool: StoragePool): void {
  validatePoolName(pool.name);
  if (pool.type === "scsi") validateAdapter(pool.source.adapter);
}

export function validatePoolName(name: string): void {
  if (name.includes("/")) refuse("XML_ERROR", `name ${name} cannot contain '/'`, "Choose a name without a slash.");
}

export function validateAdapter(adapter: StorageAdapter): void {
  if (adapter.type !== "fc_host") return;
  const { wwnn, wwpn, parentWwnn, parentWwpn, parentFabricWwn } = adapter;
  for (const each of [wwnn, wwpn]) checkWwn(each);
  if (parentWwnn !== undefined && parentWwpn === undefined) {
    const detail = `when providing parent_wwnn='${parentWwnn}', the parent_wwpn must also be provided`;
    refuse("XML_ERROR", detail, "Add parent_wwpn='...'.");
  }
  if (parentWwnn === undefined && parentWwpn !== undefined) {
    const detail = `when providing parent_wwpn='${parentWwpn}', the parent_wwnn must also be provided`;
    refuse("XML_ERROR", detail, "Add parent_wwnn='...'.");
  }
  for (const each of [parentWwnn, parentWwpn, parentFabricWwn]) {
    if (each !== undefined) checkWwn(each);
  }
}

function checkWwn(wwn: string): void {
  if (!WWN.test(wwn)) refuse("INTERNAL_ERROR", `Malformed wwn: ${wwn}`, "Write 16 hexadecimal digits.");
}

function refuse(code: ErrorName, detail: string, hint: string): never {
  throw new VirtError(code, detail, { domain: "STORAGE", hint });
}
