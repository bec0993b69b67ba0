import { attr, XmlWriter } from "../../xml/index.js";
import type { Secret } from "./model.js";

/** A secret as libvirt prints it, without its value. */
export function formatSecret(secret: Secret): string {
  const w = new XmlWriter();
  const yesNo = (value: boolean): string => (value ? "yes" : "no");
  w.block("secret", attr("ephemeral", yesNo(secret.ephemeral)) + attr("private", yesNo(secret.private)), () => {
    w.leaf("uuid", secret.uuid);
    w.leaf("description", secret.description);
    const { usage } = secret;
    if (usage === undefined) return;
    w.block("usage", attr("type", usage.type), () => {
      if (usage.type === "volume") w.leaf("volume", usage.volume);
      else if (usage.type === "iscsi") w.leaf("target", usage.target);
      else w.leaf("name", usage.name);
    });
  });
  return w.toString();
}
