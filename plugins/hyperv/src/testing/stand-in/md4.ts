/** RFC 1320. Node's OpenSSL comes without it; nothing but NTLM asks for it. */
export function md4(input: Buffer): Buffer {
  const bits = input.length * 8;
  const padded = Buffer.alloc((((input.length + 8) >> 6) << 6) + 64);
  input.copy(padded);
  padded[input.length] = 0x80;
  padded.writeUInt32LE(bits >>> 0, padded.length - 8);
  const state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
  const rounds = [
    { add: 0, shifts: [3, 7, 11, 19], order: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] },
    { add: 0x5a827999, shifts: [3, 5, 9, 13], order: [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15] },
    { add: 0x6ed9eba1, shifts: [3, 9, 11, 15], order: [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15] },
  ];
  const mix = [
    (x: number, y: number, z: number) => (x & y) | (~x & z),
    (x: number, y: number, z: number) => (x & y) | (x & z) | (y & z),
    (x: number, y: number, z: number) => x ^ y ^ z,
  ];
  for (let block = 0; block < padded.length; block += 64) {
    let [a = 0, b = 0, c = 0, d = 0] = state;
    for (const [round, { add, shifts, order }] of rounds.entries()) {
      for (const [step, word] of order.entries()) {
        const sum = (a + (mix[round]?.(b, c, d) ?? 0) + padded.readUInt32LE(block + word * 4) + add) | 0;
        const shift = shifts[step % 4] ?? 0;
        [a, d, c, b] = [d, c, b, (sum << shift) | (sum >>> (32 - shift))];
      }
    }
    for (const [index, value] of [a, b, c, d].entries()) state[index] = ((state[index] ?? 0) + value) | 0;
  }
  const digest = Buffer.alloc(16);
  for (const [index, value] of state.entries()) digest.writeInt32LE(value | 0, index * 4);
  return digest;
}
