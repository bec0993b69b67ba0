/** Name and UUID of a document that begins as we and libvirt write it; `undefined` for every other. */
export function quickLook(text: string): { name: string; uuid: string } | undefined {
  const [, name, uuid] = BEGINNING.exec(text) ?? [];
  return name === undefined || uuid === undefined ? undefined : { name, uuid };
}

const BEGINNING =
  /^(?:\s*<!--[\s\S]*?-->)?\s*<domain\b[^>]*>\s*<name>([^<&]*)<\/name>\s*<uuid>([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})<\/uuid>/;
