import { attr, XmlWriter } from "../../xml/index.js";
import { DOMAIN_TAINTS, type StatusFrame } from "./model.js";

/** A driver's part of a status document. */
export interface StatusParts {
  /** Writes the driver's own elements. */
  readonly driver?: (w: XmlWriter) => void;
  /** The domain's configuration as a document, indented by `level`. */
  readonly domain: (level: number) => string;
}

/** A status document, to the byte as libvirt prints it. */
export function formatStatusDocument(frame: StatusFrame, parts: StatusParts): string {
  const w = new XmlWriter();
  const { state, reason } = frame.status;
  w.block("domstatus", attr("state", state) + attr("reason", reason) + attr("pid", frame.pid), () => {
    for (const taint of DOMAIN_TAINTS) {
      if (frame.taints.includes(taint)) w.empty("taint", attr("flag", taint));
    }
    for (const message of frame.deprecations) w.leaf("deprecation", message);
    parts.driver?.(w);
    w.raw(parts.domain(w.level));
  });
  return w.toString();
}
