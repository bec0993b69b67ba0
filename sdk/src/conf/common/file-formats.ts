/** Formats of images and of volumes that are files, in libvirt's order. */
export const FILE_FORMATS = [
  "raw",
  "dir",
  "bochs",
  "cloop",
  "dmg",
  "iso",
  "vpc",
  "vdi",
  "fat",
  "vhd",
  "ploop",
  "cow",
  "qcow",
  "qcow2",
  "qed",
  "vmdk",
] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];
