import { PassThrough } from "node:stream";
import type { DomainActionsHandlers } from "@polyvisor/core";
import { checkFlags } from "../errors.js";
import { type Colour, type Picture, pngOf } from "./png.js";

const WIDTH = 640;
const HEIGHT = 400;
const FRAME = 20;
const BARS: readonly Colour[] = [
  [192, 192, 192],
  [192, 192, 0],
  [0, 192, 192],
  [0, 192, 0],
  [192, 0, 192],
  [192, 0, 0],
  [0, 0, 192],
];

/** Pictures of a guest's screen: a test card in a frame whose colour is the domain's own. */
export function screenshotHandlers(): DomainActionsHandlers {
  return {
    // every screen looks the same, and so does that of a domain that is off, as in libvirt's test driver
    async domainScreenshot({ dom, flags }) {
      checkFlags(flags, 0, "testDomainScreenshot");
      const png = await pngOf(testCard(dom.uuid));
      return { mime: "image/png", stream: new PassThrough().end(png) };
    },
  };
}

function testCard(uuid: string): Picture {
  const own = Buffer.from(uuid.slice(0, 6), "hex");
  const frame: Colour = [own[0] ?? 0, own[1] ?? 0, own[2] ?? 0];
  const inside = Uint8Array.from({ length: WIDTH }, (_, x) => {
    if (x < FRAME || x >= WIDTH - FRAME) return BARS.length;
    return Math.floor(((x - FRAME) * BARS.length) / (WIDTH - 2 * FRAME));
  });
  const edge = new Uint8Array(WIDTH).fill(BARS.length);
  const rows = Array.from({ length: HEIGHT }, (_, y) => (y < FRAME || y >= HEIGHT - FRAME ? edge : inside));
  return { colours: [...BARS, frame], rows };
}
