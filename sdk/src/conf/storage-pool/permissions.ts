import { child, parseInteger, textOf, type XmlElement, type XmlWriter } from "../../xml/index.js";
import { errorsOf, textAt } from "../document.js";
import type { StoragePermissions } from "./model.js";

const storageError = errorsOf("STORAGE");
/** What the kernel takes for "nobody in particular"; libvirt once printed it. */
const UNSET = 4294967295;

/** `<permissions>`, undefined when it says nothing. */
export function parsePermissions(element: XmlElement | undefined): StoragePermissions | undefined {
  if (element === undefined) return undefined;
  const permissions: StoragePermissions = {
    mode: parseMode(element),
    owner: parseId(element, "owner"),
    group: parseId(element, "group"),
    label: textAt(element, "label"),
  };
  return Object.values(permissions).every((value) => value === undefined) ? undefined : permissions;
}

function parseMode(element: XmlElement): number | undefined {
  const text = textAt(element, "mode");
  if (text === undefined) return undefined;
  const digits = /^\s*\+?0*([0-7]{1,3})$/.exec(text)?.[1];
  if (digits === undefined) {
    const hint = "Write octal digits up to 0777, such as 0755.";
    throw storageError(child(element, "mode") ?? element, "XML_ERROR", "malformed octal mode", hint);
  }
  return Number.parseInt(digits, 8);
}

function parseId(element: XmlElement, name: "owner" | "group"): number | undefined {
  const found = child(element, name);
  if (found === undefined) return undefined;
  const id = parseInteger(textOf(found), { signed: true, max: UNSET });
  if (id === undefined || id < -1) {
    throw storageError(found, "XML_ERROR", `malformed ${name} element`, "Write the number of a user or group.");
  }
  return id === -1 || id === UNSET ? undefined : id;
}

export function formatPermissions(w: XmlWriter, permissions: StoragePermissions | undefined): void {
  if (permissions === undefined) return;
  const { mode, owner, group, label } = permissions;
  w.element("permissions", "", () => {
    w.leaf("mode", mode === undefined ? undefined : `0${mode.toString(8)}`);
    w.leaf("owner", owner);
    w.leaf("group", group);
    w.leaf("label", label);
  });
}
