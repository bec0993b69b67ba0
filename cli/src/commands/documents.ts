import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { VirtError, XML_FLAG } from "@polyvisor/core";
import type { Command } from "../command.js";
import { findDomain } from "../find.js";

export const define: Command = {
  usage: "define <file>",
  description: "Define a domain from an XML document, or change its definition; - reads standard input",
  async run(session, [file = ""]) {
    const xml = await documentIn(file);
    const domain = await (await session.connection()).define(xml);
    session.print(`Domain '${domain.name}' defined from ${file}`);
  },
};

export const undefine: Command = {
  usage: "undefine <name>",
  description: "Forget a domain's definition; a running domain goes on until it stops",
  async run(session, [name = ""]) {
    const domain = await findDomain(await session.connection(), name);
    await domain.undefine();
    session.print(`Domain '${domain.name}' has been undefined`);
  },
};

export const dumpxml: Command = {
  usage: "dumpxml <name>",
  description: "Print a domain's XML document",
  options: [["--inactive", "The definition for the next start, not what runs"]],
  async run(session, [name = ""], { inactive }) {
    const domain = await findDomain(await session.connection(), name);
    session.print((await domain.getXMLDesc(inactive ? XML_FLAG.INACTIVE : 0)).trimEnd());
  },
};

async function documentIn(file: string): Promise<string> {
  try {
    return file === "-" ? await text(process.stdin) : await readFile(file, "utf8");
  } catch (error) {
    throw new VirtError("SYSTEM_ERROR", `cannot read ${file}: ${(error as Error).message}`, { cause: error });
  }
}
