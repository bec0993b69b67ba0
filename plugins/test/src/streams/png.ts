import { promisify } from "node:util";
import { crc32, deflate as deflateCallback } from "node:zlib";

const deflate = promisify(deflateCallback);

const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
const BITS_PER_PIXEL = 8;
const INDEXED = 3;

/** Red, green and blue, 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** A picture whose pixels are numbers of colours, row by row; each row is as wide as the first. */
export interface Picture {
  readonly colours: readonly Colour[];
  readonly rows: readonly Uint8Array[];
}

/** A picture as a PNG file. */
export async function pngOf({ colours, rows }: Picture): Promise<Buffer> {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(rows[0]?.length ?? 0, 0);
  header.writeUInt32BE(rows.length, 4);
  header[8] = BITS_PER_PIXEL;
  header[9] = INDEXED;
  const unfiltered = Buffer.of(0);
  const pixels = await deflate(Buffer.concat(rows.flatMap((row) => [unfiltered, row])));
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("PLTE", Buffer.from(colours.flat())),
    chunk("IDAT", pixels),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
