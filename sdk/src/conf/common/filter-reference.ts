import { attr, attribute, childElements, type XmlElement, type XmlWriter } from "../../xml/index.js";

/** A variable that a network filter is used with; a name that appears more than once has a list of values. */
export interface FilterParameter {
  readonly name: string;
  readonly value: string;
}

/** The use of a network filter. */
export interface FilterReference {
  readonly filter: string;
  /** Ascending by name, the values of a name in the order in which they were written. */
  readonly parameters: readonly FilterParameter[];
}

/** `<parameter>` elements. Names and values with letters that no filter takes are left out, as libvirt has it. */
export function parseFilterParameters(element: XmlElement): readonly FilterParameter[] {
  const parameters: FilterParameter[] = [];
  for (const each of childElements(element, "parameter")) {
    const name = attribute(each, "name");
    const value = attribute(each, "value");
    if (name !== undefined && value !== undefined && /^\w*$/.test(name) && /^[\w.:]+$/.test(value)) {
      parameters.push({ name, value });
    }
  }
  return parameters.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Undefined when no filter is named. */
export function parseFilterReference(element: XmlElement): FilterReference | undefined {
  const filter = attribute(element, "filter");
  return filter === undefined ? undefined : { filter, parameters: parseFilterParameters(element) };
}

export function formatFilterReference(w: XmlWriter, filterref: FilterReference | undefined): void {
  if (filterref === undefined) return;
  w.elementAlways("filterref", attr("filter", filterref.filter), () => {
    for (const { name, value } of filterref.parameters) w.empty("parameter", attr("name", name) + attr("value", value));
  });
}
