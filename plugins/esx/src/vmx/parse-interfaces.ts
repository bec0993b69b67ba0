import { parseMacAddress } from "@polyvisor/sdk/conf/common";
import type { Interface } from "@polyvisor/sdk/conf/domain";
import { uuidIn, type VmxEntries, vmxError } from "./entries.js";

type Mac = NonNullable<Interface["mac"]>;

/** Network cards by their numbers, however many there are. */
export function parseInterfaces(entries: VmxEntries): readonly Interface[] {
  let last = -1;
  for (const name of entries.names()) {
    const rest = /^ethernet(.*)$/.exec(name)?.[1];
    if (rest === undefined) continue;
    const index = /^(\d+)\./.exec(rest)?.[1];
    if (index === undefined || Number(index) > 0x7fffffff) {
      throw vmxError(`failed to parse the index of the VMX key '${name}'`, "Names are such as ethernet0.present.");
    }
    // a number that is far away would be a long walk through nothing
    if (entries.boolean(`ethernet${Number(index)}.present`, false)) last = Math.max(last, Number(index));
  }
  if (last > MOST) {
    throw vmxError(`failed to parse the index of the VMX key 'ethernet${last}.present'`, `${MOST} is the last.`);
  }
  const numbers = Array.from({ length: last + 1 }, (_, number) => number);
  return numbers
    .filter((number) => entries.boolean(`ethernet${number}.present`, false))
    .map((number) => parseInterface(entries, `ethernet${number}`));
}

const MOST = 4096;

function parseInterface(entries: VmxEntries, prefix: string): Interface {
  const mac = parseMac(entries, prefix);
  const model = parseModel(entries, prefix);
  return { kind: "interface", mac, model, ...parseConnection(entries, prefix) };
}

function parseMac(entries: VmxEntries, prefix: string): Mac {
  const kind = entries.string(`${prefix}.addressType`);
  const checked = entries.string(`${prefix}.checkMACAddress`);
  const check = checked === undefined ? undefined : checked === "true" ? "yes" : "no";
  switch (kind?.toLowerCase()) {
    case undefined:
      return { address: macAddress(entries, `${prefix}.generatedAddress`), check };
    case "generated":
    case "vpx":
      return { address: macAddress(entries, `${prefix}.generatedAddress`), type: "generated", check };
    case "static":
      return { address: macAddress(entries, `${prefix}.address`), type: "static", check };
    default:
      throw vmxError(
        `Expecting VMX entry '${prefix}.addressType' to be 'generated' or 'static' or 'vpx' but found '${kind}'`,
        "Choose one of these.",
      );
  }
}

function macAddress(entries: VmxEntries, name: string): string {
  const written = entries.string(name);
  if (written === undefined) return "00:00:00:00:00:00";
  const address = parseMacAddress(written);
  if (address === undefined) {
    const detail = `Expecting VMX entry '${name}' to be MAC address but found '${written}'`;
    throw vmxError(detail, "Write it as 00:0c:29:12:34:56.");
  }
  return address;
}

const MODELS: readonly string[] = ["vlance", "vmxnet", "vmxnet3", "e1000", "e1000e"];

function parseModel(entries: VmxEntries, prefix: string): string | undefined {
  const features = entries.number(`${prefix}.features`, 0);
  const written = entries.string(`${prefix}.virtualDev`);
  if (written === undefined) return undefined;
  const model = written.toLowerCase();
  if (!MODELS.includes(model)) {
    throw vmxError(
      `Expecting VMX entry '${prefix}.virtualDev' to be 'vlance' or 'vmxnet' or 'vmxnet3' or 'e1000' or 'e1000e' but found '${written}'`,
      "Choose one of these.",
    );
  }
  return model === "vmxnet" && features === 15 ? "vmxnet2" : model;
}

function parseConnection(entries: VmxEntries, prefix: string): Pick<Interface, "source" | "target"> {
  const name = `${prefix}.connectionType`;
  const written = entries.string(name);
  const type = written?.toLowerCase();
  const network =
    type === undefined
      ? entries.string(`${prefix}.networkName`)
      : type === "bridged" || type === "custom"
        ? entries.required(`${prefix}.networkName`)
        : undefined;
  const vnet = type === "custom" ? entries.required(`${prefix}.vnet`) : undefined;
  const switchId = entries.string(`${prefix}.dvs.switchId`);
  if (switchId !== undefined) return { source: distributed(entries, `${prefix}.dvs`, switchId) };
  if (type === "nat") return { source: { type: "user" } };
  if (type === undefined && network === undefined) return { source: { type: "null" } };
  if (network !== undefined) {
    return { source: { type: "bridge", bridge: network }, target: vnet === undefined ? undefined : { dev: vnet } };
  }
  const detail =
    type === "hostonly"
      ? `No yet handled value '${written}' for VMX entry '${name}'`
      : `Invalid value '${written}' for VMX entry '${name}'`;
  throw vmxError(detail, "Cards are bridged, nat or custom.");
}

/** A card on a port of a distributed switch. */
function distributed(entries: VmxEntries, prefix: string, switchId: string): Interface["source"] {
  return {
    type: "vds",
    switchid: uuidIn(switchId),
    portgroupid: entries.required(`${prefix}.portgroupId`),
    portid: entries.requiredNumber(`${prefix}.portId`),
    connectionid: entries.requiredNumber(`${prefix}.connectionId`),
  };
}
