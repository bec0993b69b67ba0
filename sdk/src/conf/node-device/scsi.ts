import {
  allowChildren,
  attr,
  child,
  childElements,
  parseInteger,
  type XmlElement,
  type XmlWriter,
} from "../../xml/index.js";
import { oneWord, textAt } from "../document.js";
import { innerType, type NodeDeviceContext, nodeDeviceError, requiredNumber, requiredText } from "./context.js";
import type { FcHost, ScsiCapability, ScsiHostCapability, ScsiTargetCapability } from "./model.js";

const names = (list: string): ReadonlySet<string> => new Set(list.split(" "));
const HOST = names("capability host unique_id");
const FC_HOST = names("fabric_wwn wwnn wwpn");
const VPORT_OPS = names("max_vports vports");
const TARGET = names("capability target");
const REMOTE_PORT = names("rport wwpn");
const SCSI = names("bus host lun target type");

export function parseScsiHost(element: XmlElement, context: NodeDeviceContext): ScsiHostCapability {
  allowChildren(element, HOST);
  const host = context.create ? 0 : requiredNumber(element, "host", "SCSI host ID", context);
  const uniqueId = context.create ? undefined : parseUniqueId(element, context);
  let fcHost: FcHost | undefined;
  let vportOps: ScsiHostCapability["vportOps"];
  for (const capability of childElements(element, "capability")) {
    const written = innerType(capability, `missing SCSI host capability type for '${context.name}'`);
    const type = oneWord(written, ["fc_host", "vport_ops"], (hint) => {
      const detail = `unknown SCSI host capability type '${written}' for '${context.name}'`;
      return nodeDeviceError(capability, "INTERNAL_ERROR", detail, hint);
    });
    if (type === "fc_host") fcHost = parseFcHost(capability, context);
    else {
      allowChildren(capability, VPORT_OPS);
      vportOps = { maxVports: 0, vports: 0 };
    }
  }
  return { type: "scsi_host", host, uniqueId, fcHost, vportOps };
}

function parseUniqueId(element: XmlElement, context: NodeDeviceContext): number | undefined {
  const text = textAt(element, "unique_id");
  if (text === undefined) return undefined;
  const id = parseInteger(text, { signed: true, max: 2147483647 });
  if (id === undefined) {
    const at = child(element, "unique_id") ?? element;
    throw nodeDeviceError(at, "INTERNAL_ERROR", `invalid unique_id supplied for '${context.name}'`, "Write a number.");
  }
  return id === -1 ? undefined : id;
}

function parseFcHost(element: XmlElement, context: NodeDeviceContext): FcHost {
  allowChildren(element, FC_HOST);
  const wwn = (name: "wwnn" | "wwpn"): string => {
    const text = textAt(element, name) ?? context.newWwn?.();
    if (text !== undefined) return text;
    const detail = `no ${name.toUpperCase()} supplied for '${context.name}', and auto-generation failed`;
    throw nodeDeviceError(element, "INTERNAL_ERROR", detail, `Add <${name}>.`);
  };
  return { wwnn: wwn("wwnn"), wwpn: wwn("wwpn"), fabricWwn: textAt(element, "fabric_wwn") };
}

export function formatScsiHost(w: XmlWriter, capability: ScsiHostCapability): void {
  const { fcHost, vportOps } = capability;
  w.leaf("host", capability.host);
  w.leaf("unique_id", capability.uniqueId);
  if (fcHost !== undefined) {
    w.block("capability", attr("type", "fc_host"), () => {
      w.leaf("wwnn", fcHost.wwnn);
      w.leaf("wwpn", fcHost.wwpn);
      w.leaf("fabric_wwn", fcHost.fabricWwn);
    });
  }
  if (vportOps !== undefined) {
    w.block("capability", attr("type", "vport_ops"), () => {
      w.leaf("max_vports", vportOps.maxVports);
      w.leaf("vports", vportOps.vports);
    });
  }
}

export function parseScsiTarget(element: XmlElement, context: NodeDeviceContext): ScsiTargetCapability {
  allowChildren(element, TARGET);
  const target = requiredText(element, "target", "no target name supplied", context);
  let fcRemotePort: ScsiTargetCapability["fcRemotePort"];
  for (const capability of childElements(element, "capability")) {
    const type = innerType(capability, `missing type for SCSI target capability for '${context.name}'`);
    oneWord(type, ["fc_remote_port"], (hint) => {
      const detail = `unknown SCSI target capability type '${type}' for '${context.name}'`;
      return nodeDeviceError(capability, "INTERNAL_ERROR", detail, hint);
    });
    allowChildren(capability, REMOTE_PORT);
    fcRemotePort = {
      rport: requiredText(capability, "rport", "missing rport name", context),
      wwpn: requiredText(capability, "wwpn", "missing wwpn identifier", context),
    };
  }
  return { type: "scsi_target", target, fcRemotePort };
}

export function formatScsiTarget(w: XmlWriter, { target, fcRemotePort }: ScsiTargetCapability): void {
  w.leaf("target", target);
  if (fcRemotePort === undefined) return;
  w.block("capability", attr("type", "fc_remote_port"), () => {
    w.leaf("rport", fcRemotePort.rport);
    w.leaf("wwpn", fcRemotePort.wwpn);
  });
}

export function parseScsi(element: XmlElement, context: NodeDeviceContext): ScsiCapability {
  allowChildren(element, SCSI);
  return {
    type: "scsi",
    host: requiredNumber(element, "host", "SCSI host ID", context),
    bus: requiredNumber(element, "bus", "SCSI bus ID", context),
    target: requiredNumber(element, "target", "SCSI target ID", context),
    lun: requiredNumber(element, "lun", "SCSI LUN ID", context),
    kind: textAt(element, "type"),
  };
}

export function formatScsi(w: XmlWriter, capability: ScsiCapability): void {
  w.leaf("host", capability.host);
  w.leaf("bus", capability.bus);
  w.leaf("target", capability.target);
  w.leaf("lun", capability.lun);
  w.leaf("type", capability.kind);
}
