import type { XmlWriter } from "../../xml/index.js";
import type { Moment } from "./model.js";

export function writeMomentDescription(w: XmlWriter, moment: Moment): void {
  if (moment.name !== "") w.leaf("name", moment.name);
  w.leaf("description", moment.description);
}

export function writeMomentPlace(w: XmlWriter, moment: Moment): void {
  const { parent } = moment;
  if (parent !== undefined) w.block("parent", "", () => w.leaf("name", parent));
  if (moment.creationTime !== 0) w.leaf("creationTime", moment.creationTime);
}
