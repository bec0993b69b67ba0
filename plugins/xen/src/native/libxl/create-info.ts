import type { Domain, Features, Os } from "@polyvisor/sdk/conf";
import { isOn, type JsonObject, truth } from "./json.js";

export function guestType({ type }: Os): "hvm" | "pvh" | "pv" {
  return type === "hvm" ? "hvm" : type === "xenpvh" ? "pvh" : "pv";
}

/** What makes a domain before anything is in it. */
export function createInfo({ name, uuid, os, features, seclabels }: Domain): JsonObject {
  const [label] = seclabels;
  return {
    type: guestType(os),
    hap: guestType(os) === "pv" ? undefined : truth(isOn(features.hap)),
    ssid_label: label?.type === "static" ? label.label : undefined,
    name,
    uuid,
    passthrough: passthrough(features.xen?.passthrough),
  };
}

function passthrough(setting: NonNullable<Features["xen"]>["passthrough"]): string | undefined {
  if (setting === undefined) return undefined;
  return setting.state === "off" ? "disabled" : (setting.mode ?? "enabled");
}
