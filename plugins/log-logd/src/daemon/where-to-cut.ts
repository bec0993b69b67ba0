/** How near to the end of a full file a line must end to be the last in it, in bytes. */
const LINE_SEARCH = 80;
const NEWLINE = 10;

/** What is done next with bytes that wait: some go to the file that is there, and then perhaps a new one is begun. */
export interface Step {
  readonly bytes: number;
  readonly rollsOver: boolean;
}

/**
 * Where a file that holds `offset` bytes, and never more than `maxSize` (0: as many as come), is left for the next one: at the
 * end of a line where one ends in the last 80 bytes that fit, else where it is full. `peek` gives the first bytes that wait, as
 * many as asked for or fewer.
 */
export function nextStep(
  { offset, maxSize }: { readonly offset: number; readonly maxSize: number },
  available: number,
  peek: (length: number) => Uint8Array,
): Step {
  if (maxSize === 0 || offset + available <= maxSize) return { bytes: available, rollsOver: false };
  const room = maxSize - offset;
  if (room <= 0) return { bytes: 0, rollsOver: true };
  const seen = peek(room);
  if (seen.length < room) return { bytes: seen.length === 0 ? room : seen.length, rollsOver: false };
  const end = seen.lastIndexOf(NEWLINE);
  return end >= Math.max(0, room - LINE_SEARCH)
    ? { bytes: end + 1, rollsOver: true }
    : { bytes: room, rollsOver: false };
}
