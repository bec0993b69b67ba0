import type { Capabilities } from "@polyvisor/sdk/conf/capabilities";
import { parseUuid } from "@polyvisor/sdk/conf/common";
import type { Site } from "./server.js";
import { esxError } from "./soap/error.js";
import type { ObjectContent, Value } from "./soap/reply.js";
import { vmwareCapabilities } from "./vmx/capabilities.js";

/** What is asked of a host once: it stays as it is while it runs. */
const LASTING = [
  "hardware.cpuFeature",
  "hardware.systemInfo.uuid",
  "capability.maxSupportedVcpus",
  "capability.screenshotSupported",
  "capability.vmotionSupported",
  "configManager",
];

/** What is known of the connection's host. */
export class HostFacts {
  readonly #site: Site;
  #lasting: Promise<ObjectContent> | undefined;

  constructor(site: Site) {
    this.#site = site;
  }

  /** Properties as they are now. */
  now(...paths: readonly string[]): Promise<ObjectContent> {
    return this.#site.session.retrieveOne(this.#site.place.host, paths);
  }

  lasting(): Promise<ObjectContent> {
    this.#lasting ??= this.now(...LASTING).catch((error: unknown) => {
      this.#lasting = undefined;
      throw error;
    });
    return this.#lasting;
  }

  async capabilities(): Promise<Capabilities> {
    const facts = await this.lasting();
    const uuid = parseUuid(facts.text("hardware.systemInfo.uuid") ?? "");
    return vmwareCapabilities(hasLongMode(facts.get("hardware.cpuFeature")), uuid);
  }

  /** One of the managers of the host's configuration, such as `networkSystem`. */
  async manager(name: string): Promise<{ readonly type: string; readonly value: string }> {
    const found = (await this.lasting()).get("configManager")?.at(name);
    if (found !== undefined) return found.ref;
    throw esxError("INTERNAL_ERROR", `Missing '${name}' property`, "the user may lack the right to read it");
  }
}

const EXTENDED_FEATURES = -2147483647;
/** Of a register as the server writes it: 32 digits in groups of four, the highest bit first. */
const REGISTER_LENGTH = 39;
const LONG_MODE_BIT = 29;

function hasLongMode(features: Value | undefined): boolean {
  const found = features?.members.find((each) => each.numberAt("level") === EXTENDED_FEATURES);
  if (found === undefined) throw esxError("INTERNAL_ERROR", "Missing 'hardware.cpuFeature' property");
  const edx = found.textAt("edx") ?? "";
  if (edx.length !== REGISTER_LENGTH) {
    throw esxError("INTERNAL_ERROR", "HostCpuIdInfo register 'edx' has an unexpected length");
  }
  const bit = edx.replaceAll(":", "").charAt(31 - LONG_MODE_BIT);
  if (bit === "0" || bit === "1") return bit === "1";
  const detail = `Bit 29 (Long Mode) of HostSystem property 'hardware.cpuFeature[].edx' with value '${edx}' has unexpected value '${bit}', expecting '0' or '1'`;
  throw esxError("INTERNAL_ERROR", detail);
}
