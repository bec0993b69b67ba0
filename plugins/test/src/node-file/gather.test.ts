import test from "ava";
import { gatherNode } from "./gather.js";

/** Reads documents by their paths, and notes which. */
function shelf(documents: Readonly<Record<string, string>>) {
  const asked: string[] = [];
  const read = async (path: string) => {
    asked.push(path);
    return Buffer.from(documents[path] ?? "");
  };
  return { asked, read };
}

test("references are relative to the node's own file, wherever they stand", async (t) => {
  const { asked, read } = shelf({
    "/a/node.xml": "<node><pool file='pools/p.xml'/><domain file='/d.xml'/><domain/><cpu file='x'/></node>",
    "/a/pools/p.xml": "<pool><volume file='v.xml'/></pool>",
    "/a/v.xml": "<volume/>",
    "/d.xml": "<domain><metadata file='x'/></domain>",
  });
  await gatherNode("/a/node.xml", read);
  t.deepEqual(asked, ["/a/node.xml", "/a/pools/p.xml", "/a/v.xml", "/d.xml"]);
});

test("a node is made of so many files and bytes", async (t) => {
  const many = shelf({ "/node.xml": `<node>${"<domain file='d.xml'/>".repeat(1000)}</node>`, "/d.xml": "<domain/>" });
  await t.throwsAsync(() => gatherNode("/node.xml", many.read), {
    message: "XML error: a node of more than 1000 files",
  });
  const large = `<domain>${" ".repeat(4e6)}</domain>`;
  const much = shelf({ "/node.xml": `<node>${"<domain file='d.xml'/>".repeat(5)}</node>`, "/d.xml": large });
  await t.throwsAsync(() => gatherNode("/node.xml", much.read), {
    message: "XML error: a node of more than 16777216 bytes",
  });
});
