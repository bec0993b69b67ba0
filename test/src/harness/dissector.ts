import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { outputOf } from "./command.js";
import type { Passage } from "./recorder.js";

/** What Wireshark's dissector of libvirt's protocol reads in a recorded session. */
export interface Dissection {
  /** Messages that it calls malformed or unknown, and bytes at the end that make no message. */
  readonly complaints: readonly string[];
  /** One line per message: "REMOTE DOMAIN_CREATE CALL OK". */
  readonly messages: readonly string[];
}

/** The dissector's: it knows libvirt by this TCP port. */
const PORT = 16509;
const HEADER = 28;
/** What text2pcap takes in one packet. */
const PACKET = 32_000;
const STREAM = "3";
const CONTINUE = "2";
const FIELDS = ["libvirt.length", "libvirt.type", "libvirt.status", "_ws.col.Info", "_ws.malformed", "libvirt.unknown"];

/** Dresses each message as a TCP packet of a connection to libvirt's port, and reads what the dissector makes of it. */
export async function dissect(session: readonly Passage[]): Promise<Dissection> {
  const { messages, rest } = split(session);
  const folder = await mkdtemp(join(tmpdir(), "dissector-"));
  try {
    const capture = join(folder, "session.pcap");
    // -D takes the direction from the letter before each packet; -T swaps the ports by it.
    const dump = `${messages.flatMap(packets).join("\n")}\n`;
    await outputOf("text2pcap", ["-q", "-D", "-T", `40000,${PORT}`, "-", capture], { input: dump });
    const fields = FIELDS.flatMap((field) => ["-e", field]);
    const rows = (await outputOf("tshark", ["-r", capture, "-T", "fields", ...fields])).split("\n");
    const read = rows.map(readRow).filter((row) => row !== undefined);
    const lost = read.length === messages.length ? [] : [`${messages.length} messages, read ${read.length}`];
    return {
      complaints: [...read.filter(({ faulty }) => faulty).map(({ text }) => text), ...lost, ...rest],
      messages: read.map(({ text }) => text),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Cuts what each side said into messages, in the order in which they were complete. */
function split(session: readonly Passage[]): { messages: Passage[]; rest: string[] } {
  const messages: Passage[] = [];
  const pending = { client: Buffer.alloc(0), server: Buffer.alloc(0) };
  for (const { from, data } of session) {
    let buffer = Buffer.concat([pending[from], data]);
    while (buffer.length >= 4 && buffer.length >= buffer.readUInt32BE(0) && buffer.readUInt32BE(0) >= HEADER) {
      messages.push({ from, data: buffer.subarray(0, buffer.readUInt32BE(0)) });
      buffer = buffer.subarray(buffer.readUInt32BE(0));
    }
    pending[from] = buffer;
  }
  const rest = Object.entries(pending).filter(([, buffer]) => buffer.length > 0);
  return { messages, rest: rest.map(([from, buffer]) => `${buffer.length} bytes of the ${from} make no message`) };
}

/** In text2pcap's words: a direction, then lines of an offset and bytes. */
function packets({ from, data }: Passage): string[] {
  const lines: string[] = [];
  for (let start = 0; start < data.length; start += PACKET) {
    const part = data.subarray(start, start + PACKET);
    lines.push(from === "client" ? "O" : "I");
    for (let offset = 0; offset < part.length; offset += 16) {
      const bytes = part
        .subarray(offset, offset + 16)
        .toString("hex")
        .replace(/../g, " $&");
      lines.push(`${offset.toString(16).padStart(6, "0")} ${bytes}`);
    }
    lines.push("");
  }
  return lines;
}

function readRow(row: string): { text: string; faulty: boolean } | undefined {
  const [length = "", type, status, info = "", malformed = "", unknown = ""] = row.split("\t");
  // The first packets of a message that needs several.
  if (length === "") return undefined;
  // The dissector takes the header's length off twice from stream data, and so misses the end of every short piece.
  const misread = type === STREAM && status === CONTINUE && Number(length) < 2 * HEADER;
  const text = info.replace(/(Prog|Proc|Type|Status)=/g, "").replace(/Serial=\d+ |\[.*/g, "");
  return { text, faulty: (malformed !== "" && !misread) || unknown !== "" };
}
