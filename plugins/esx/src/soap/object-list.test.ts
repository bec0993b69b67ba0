import test from "ava";
import { readPlainObjects } from "./object-list.js";

const PROPERTY = (name: string, value: string, attributes = ' xmlns:X="i" X:type="xsd:string"') =>
  `<propSet><name>${name}</name><val${attributes}>${value}</val></propSet>`;
const BODY = (inner: string) =>
  `<?xml version="1.0"?>\n<e><b><RetrievePropertiesExResponse xmlns="urn:vim25"><returnval>${inner}</returnval></RetrievePropertiesExResponse></b></e>`;
const OBJECT = (...properties: string[]) =>
  `<objects><obj type="VirtualMachine">vm-1</obj>${properties.join("")}</objects>`;

test("a list of plain values", (t) => {
  const list = readPlainObjects(
    BODY(`<token>9</token>${OBJECT(PROPERTY("name", "a"), PROPERTY("n", "1"))}${OBJECT()}`),
  );
  t.is(list?.token, "9");
  t.is(list?.objects.length, 2);
  t.deepEqual(list?.objects[0]?.ref, { type: "VirtualMachine", value: "vm-1" });
  t.is(list?.objects[0]?.text("name"), "a");
  t.is(list?.objects[0]?.number("n"), 1);
});

for (const [what, inner] of [
  ["an escape", OBJECT(PROPERTY("name", "a&amp;b"))],
  ["an element in a value", OBJECT(PROPERTY("name", "<x/>"))],
  ["a value that is an object", OBJECT(PROPERTY("parent", "f", ' type="Folder"'))],
  ["a missing property", OBJECT("<missingSet><path>x</path></missingSet>")],
  ["blanks between elements", ` ${OBJECT()}`],
  ["text that ends early", "<objects>"],
] as const) {
  test(`${what} is left to those who read any document`, (t) => {
    t.is(readPlainObjects(BODY(inner)), undefined);
  });
}
