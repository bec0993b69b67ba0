import test from "ava";
import { attr, attribute, childText, parseXml, serializeXml, XmlWriter } from "../xml/index.js";
import {
  foreignXml,
  jsonState,
  readJsonState,
  type StateFormat,
  stateAttributes,
  versionProblem,
  xmlVersionProblem,
} from "./index.js";

/** Three releases of one program: each has a field more, and the last cannot be taken back to the first. */
const FIRST: StateFormat = { version: 1, since: 1, oldest: 1, known: ["name", "pid"] };
const SECOND: StateFormat = { version: 2, since: 1, oldest: 1, known: ["name", "pid", "label", "zone"] };
const THIRD: StateFormat = { version: 3, since: 2, oldest: 2, known: ["name", "pid", "label", "zone", "lease"] };

test("a program reads files of its own version, of older ones and of newer ones that are made for it, and no others", (t) => {
  const rows: readonly (readonly [StateFormat, number, number, boolean])[] = [
    [FIRST, 1, 1, true],
    [FIRST, 2, 1, true],
    [FIRST, 3, 2, false],
    [SECOND, 1, 1, true],
    [SECOND, 3, 2, true],
    [THIRD, 1, 1, false],
    [THIRD, 2, 1, true],
    [FIRST, 0, 0, false],
    [FIRST, Number.NaN, Number.NaN, false],
  ];
  for (const [format, version, since, reads] of rows)
    t.is(versionProblem(format, version, since) === undefined, reads, `${format.version} reads ${version}`);
  t.regex(versionProblem(FIRST, 3, 2) ?? "", /version 3 .* it is for programs of version 2 and later/);
});

/** What a release does with a file: it reads it, changes the process, and writes it. */
function rewriteXml(text: string, format: StateFormat, own: { attributes?: object; elements?: object } = {}): string {
  const root = parseXml(text);
  if (xmlVersionProblem(root, format) !== undefined) throw new Error(xmlVersionProblem(root, format));
  const foreign = foreignXml(root, format);
  const writer = new XmlWriter();
  const known = Object.entries(own.attributes ?? {}).map(([name, value]) => attr(name, value));
  writer.element("state", stateAttributes(format, foreign) + attr("pid", 7) + known.join(""), () => {
    writer.leaf("name", childText(root, "name"));
    for (const [name, value] of Object.entries(own.elements ?? {})) writer.leaf(name, value);
    for (const element of foreign.elements) writer.line(serializeXml(element));
  });
  return writer.toString();
}

test("XML: a file goes from one version to the next and back, and nothing that either wrote is lost", (t) => {
  const first = "<state version='1' pid='1'><name>a &amp; b</name></state>";
  const second = rewriteXml(first, SECOND, { attributes: { zone: "x'y" }, elements: { label: "+107 <&>" } });
  const back = rewriteXml(second, FIRST);
  const again = parseXml(back);
  t.is(attribute(again, "version"), "1");
  t.deepEqual(
    [attribute(again, "zone"), childText(again, "label"), childText(again, "name"), attribute(again, "pid")],
    ["x'y", "+107 <&>", "a & b", "7"],
  );
  t.deepEqual(foreignXml(again, SECOND), { attributes: [], elements: [] });
  t.is(rewriteXml(back, FIRST), back);
  t.throws(() => rewriteXml(rewriteXml(second, THIRD), FIRST), { message: /version 3/ });
});

test("JSON: a file goes from one version to the next and back, and nothing that either wrote is lost", (t) => {
  const second = jsonState(SECOND, { name: "a", pid: 1, label: { user: 107 }, zone: "x" }, {});
  const read = readJsonState(second, FIRST);
  t.deepEqual(read, {
    fields: { name: "a", pid: 1 },
    foreign: { label: { user: 107 }, zone: "x" },
    problem: undefined,
  });
  const back = jsonState(FIRST, { ...read.fields, pid: 7 }, read.foreign);
  t.deepEqual(JSON.parse(back), { version: 1, since: 1, label: { user: 107 }, zone: "x", name: "a", pid: 7 });
  t.deepEqual(readJsonState(back, SECOND).fields, { name: "a", pid: 7, label: { user: 107 }, zone: "x" });
  t.regex(readJsonState(jsonState(THIRD, {}, {}), FIRST).problem ?? "", /version 3/);
});
