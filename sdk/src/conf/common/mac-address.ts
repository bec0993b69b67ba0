// what follows the address after a blank is not looked at, as libvirt has it
const MAC = /^([0-9a-fA-F]{1,2}(?::[0-9a-fA-F]{1,2}){5})(?:$|\s)/;
const NORMAL = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/;

/** The address in lower case with two digits a byte, undefined when `text` is none. */
export function parseMacAddress(text: string): string | undefined {
  if (NORMAL.test(text)) return text;
  const found = MAC.exec(text)?.[1];
  if (found === undefined) return undefined;
  return found.toLowerCase().replace(/\b[0-9a-f]\b/g, "0$&");
}

/** Whether an address, as `parseMacAddress` gives it, names a group of cards. */
export function isMulticastMac(address: string): boolean {
  return (Number.parseInt(address.slice(0, 2), 16) & 1) === 1;
}
