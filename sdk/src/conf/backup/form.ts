import { attribute, child, childElements, type XmlElement } from "../../xml/index.js";
import { FILE_FORMATS } from "../common/index.js";
import {
  allowAttributes,
  allowElements,
  allowOnce,
  allowText,
  DISK_TARGET,
  formedAttribute,
  needChildren,
  neededAttribute,
  schemaError,
  wordOf,
} from "../moment/schema.js";
import { checkImage } from "./image-form.js";

const HOST_NAME = /^([a-zA-Z0-9.-]+|[0-9a-fA-F:.]+)$/;
const UNSIGNED = /^\s*\+?\d+\s*$/;
const NONE: ReadonlySet<string> = new Set();
const MODE_ATTRIBUTES = ["name", "backup", "backupmode", "incremental"];
const EXPORT_ATTRIBUTES = ["exportname", "exportbitmap"];

/** What the schema says of a backup that a user asks for; drivers' own files have more in them and are not checked. */
export function checkBackupForm(root: XmlElement): void {
  allowAttributes(root, ["mode"]);
  const pull = wordOf(root, "mode", ["push", "pull"]) === "pull";
  allowElements(root, new Set(pull ? ["disks", "incremental", "server"] : ["disks", "incremental"]));
  allowOnce(root);
  allowText(child(root, "incremental"));
  const server = child(root, "server");
  if (server !== undefined) checkServer(server);
  else if (pull) {
    throw schemaError(root, "Expecting an element server, got nothing", "Add <server transport='unix' socket='...'/>.");
  }
  const disks = child(root, "disks");
  if (disks === undefined) return;
  allowAttributes(disks, []);
  allowElements(disks, new Set(["disk"]));
  needChildren(disks, "disk");
  for (const disk of childElements(disks)) checkDisk(disk, pull);
}

function checkServer(server: XmlElement): void {
  allowElements(server, NONE);
  wordOf(server, "tls", ["yes", "no"]);
  if (wordOf(server, "transport", ["tcp", "unix"]) === "unix") {
    allowAttributes(server, ["tls", "transport", "socket"]);
    neededAttribute(server, "socket");
    return;
  }
  allowAttributes(server, ["tls", "transport", "name", "port"]);
  neededAttribute(server, "name");
  formedAttribute(server, "name", HOST_NAME, "Write a host's name or address.");
  formedAttribute(server, "port", UNSIGNED, "Write a port number.");
}

function checkDisk(disk: XmlElement, pull: boolean): void {
  neededAttribute(disk, "name");
  formedAttribute(disk, "name", DISK_TARGET, "Write the disk's target, such as vda.");
  const backup = wordOf(disk, "backup", ["yes", "no"]);
  const exports = pull ? EXPORT_ATTRIBUTES : [];
  if (wordOf(disk, "backupmode", ["full", "incremental"]) === "full" && attribute(disk, "incremental") !== undefined) {
    throw schemaError(disk, "Invalid attribute incremental for element disk", "A full copy is not since a checkpoint.");
  }
  if (backup === "no") {
    allowAttributes(disk, [...MODE_ATTRIBUTES, ...exports]);
    allowElements(disk, NONE);
    return;
  }
  allowAttributes(disk, [...MODE_ATTRIBUTES, "type", ...exports]);
  if (!pull || backup === "yes") neededAttribute(disk, "type");
  const type = wordOf(disk, "type", ["file", "block"]) ?? "file";
  checkStore(disk, type, pull);
}

function checkStore(disk: XmlElement, type: "file" | "block", pull: boolean): void {
  const name = pull ? "scratch" : "target";
  allowElements(disk, new Set(["driver", name]));
  allowOnce(disk);
  const driver = child(disk, "driver");
  const image = child(disk, name);
  if (image === undefined) {
    if (!pull || (type === "file" && driver === undefined)) return;
    throw schemaError(disk, `Expecting an element ${name}, got nothing`, `Add <${name}>.`);
  }
  checkImage(image, type);
  if (driver === undefined) return;
  allowElements(driver, NONE);
  allowAttributes(driver, ["type"]);
  neededAttribute(driver, "type");
  wordOf(driver, "type", pull ? ["qcow2"] : FILE_FORMATS);
}
