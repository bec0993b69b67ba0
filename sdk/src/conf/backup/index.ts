export { alignBackupDisks } from "./align.js";
export { type BackupFormatOptions, formatBackup } from "./format.js";
export type { Backup, BackupDisk, BackupDiskState, BackupServer, BackupStore } from "./model.js";
export { type BackupParseOptions, parseBackup, readBackup } from "./parse.js";
