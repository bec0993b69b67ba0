/** Numbers of libvirt's API, under its names without the common prefix. */

/** What a domain is doing (`virDomainState`). */
export const DOMAIN_STATE = {
  NOSTATE: 0,
  RUNNING: 1,
  BLOCKED: 2,
  PAUSED: 3,
  SHUTDOWN: 4,
  SHUTOFF: 5,
  CRASHED: 6,
  PMSUSPENDED: 7,
} as const;

/** Why a domain runs. */
export const RUNNING_REASON = {
  UNKNOWN: 0,
  BOOTED: 1,
  MIGRATED: 2,
  RESTORED: 3,
  FROM_SNAPSHOT: 4,
  UNPAUSED: 5,
  MIGRATION_CANCELED: 6,
  SAVE_CANCELED: 7,
  WAKEUP: 8,
  CRASHED: 9,
  POSTCOPY: 10,
  POSTCOPY_FAILED: 11,
} as const;

/** Why a domain is paused. */
export const PAUSED_REASON = {
  UNKNOWN: 0,
  USER: 1,
  MIGRATION: 2,
  SAVE: 3,
  DUMP: 4,
  IOERROR: 5,
  WATCHDOG: 6,
  FROM_SNAPSHOT: 7,
  SHUTTING_DOWN: 8,
  SNAPSHOT: 9,
  CRASHED: 10,
  STARTING_UP: 11,
  POSTCOPY: 12,
  POSTCOPY_FAILED: 13,
} as const;

/** Why a domain is shutting down. */
export const SHUTDOWN_REASON = {
  UNKNOWN: 0,
  USER: 1,
} as const;

/** Why a domain is off. */
export const SHUTOFF_REASON = {
  UNKNOWN: 0,
  SHUTDOWN: 1,
  DESTROYED: 2,
  CRASHED: 3,
  MIGRATED: 4,
  SAVED: 5,
  FAILED: 6,
  FROM_SNAPSHOT: 7,
  DAEMON: 8,
} as const;

/** Why a domain counts as crashed. */
export const CRASHED_REASON = {
  UNKNOWN: 0,
  PANICKED: 1,
} as const;

/** What a lifecycle event tells (`virDomainEventType`). */
export const LIFECYCLE_EVENT = {
  DEFINED: 0,
  UNDEFINED: 1,
  STARTED: 2,
  SUSPENDED: 3,
  RESUMED: 4,
  STOPPED: 5,
  SHUTDOWN: 6,
  PMSUSPENDED: 7,
  CRASHED: 8,
} as const;

/** Detail of DEFINED. */
export const DEFINED_DETAIL = {
  ADDED: 0,
  UPDATED: 1,
  RENAMED: 2,
  FROM_SNAPSHOT: 3,
} as const;

/** Detail of UNDEFINED. */
export const UNDEFINED_DETAIL = {
  REMOVED: 0,
  RENAMED: 1,
} as const;

/** Detail of STARTED. */
export const STARTED_DETAIL = {
  BOOTED: 0,
  MIGRATED: 1,
  RESTORED: 2,
  FROM_SNAPSHOT: 3,
  WAKEUP: 4,
} as const;

/** Detail of SUSPENDED. */
export const SUSPENDED_DETAIL = {
  PAUSED: 0,
  MIGRATED: 1,
  IOERROR: 2,
  WATCHDOG: 3,
  RESTORED: 4,
  FROM_SNAPSHOT: 5,
  API_ERROR: 6,
  POSTCOPY: 7,
  POSTCOPY_FAILED: 8,
} as const;

/** Detail of RESUMED. */
export const RESUMED_DETAIL = {
  UNPAUSED: 0,
  MIGRATED: 1,
  FROM_SNAPSHOT: 2,
  POSTCOPY: 3,
  POSTCOPY_FAILED: 4,
} as const;

/** Detail of STOPPED. */
export const STOPPED_DETAIL = {
  SHUTDOWN: 0,
  DESTROYED: 1,
  CRASHED: 2,
  MIGRATED: 3,
  SAVED: 4,
  FAILED: 5,
  FROM_SNAPSHOT: 6,
} as const;

/** Detail of SHUTDOWN. */
export const SHUTDOWN_DETAIL = {
  FINISHED: 0,
  GUEST: 1,
  HOST: 2,
} as const;

/** Detail of PMSUSPENDED. */
export const PMSUSPENDED_DETAIL = {
  MEMORY: 0,
  DISK: 1,
} as const;

/** Detail of CRASHED. */
export const CRASHED_DETAIL = {
  PANICKED: 0,
  CRASHLOADED: 1,
} as const;

/** Flags of a start. */
export const CREATE_FLAG = {
  PAUSED: 1,
  AUTODESTROY: 2,
  BYPASS_CACHE: 4,
  FORCE_BOOT: 8,
  VALIDATE: 16,
  RESET_NVRAM: 32,
} as const;

/** Flags of a definition. */
export const DEFINE_FLAG = {
  VALIDATE: 1,
} as const;

/** Flags of an undefine. */
export const UNDEFINE_FLAG = {
  MANAGED_SAVE: 1,
  SNAPSHOTS_METADATA: 2,
  NVRAM: 4,
  KEEP_NVRAM: 8,
  CHECKPOINTS_METADATA: 16,
  TPM: 32,
  KEEP_TPM: 64,
} as const;

/** Flags of a destroy. */
export const DESTROY_FLAG = {
  DEFAULT: 0,
  GRACEFUL: 1,
  REMOVE_LOGS: 2,
} as const;

/** How to ask a guest to shut down. */
export const SHUTDOWN_FLAG = {
  DEFAULT: 0,
  ACPI_POWER_BTN: 1,
  GUEST_AGENT: 2,
  INITCTL: 4,
  SIGNAL: 8,
  PARAVIRT: 16,
} as const;

/** How to ask a guest to reboot. */
export const REBOOT_FLAG = {
  DEFAULT: 0,
  ACPI_POWER_BTN: 1,
  GUEST_AGENT: 2,
  INITCTL: 4,
  SIGNAL: 8,
  PARAVIRT: 16,
} as const;

/** Which form of a domain document is wanted. */
export const XML_FLAG = {
  SECURE: 1,
  INACTIVE: 2,
  UPDATE_CPU: 4,
  MIGRATABLE: 8,
} as const;

/** Which domains a list has. */
export const LIST_DOMAINS_FLAG = {
  ACTIVE: 1,
  INACTIVE: 2,
  PERSISTENT: 4,
  TRANSIENT: 8,
  RUNNING: 16,
  PAUSED: 32,
  SHUTOFF: 64,
  OTHER: 128,
  MANAGEDSAVE: 256,
  NO_MANAGEDSAVE: 512,
  AUTOSTART: 1024,
  NO_AUTOSTART: 2048,
  HAS_SNAPSHOT: 4096,
  NO_SNAPSHOT: 8192,
  HAS_CHECKPOINT: 16384,
  NO_CHECKPOINT: 32768,
} as const;

/** Groups of statistics. */
export const STATS = {
  STATE: 1,
  CPU_TOTAL: 2,
  BALLOON: 4,
  VCPU: 8,
  INTERFACE: 16,
  BLOCK: 32,
  PERF: 64,
  IOTHREAD: 128,
  MEMORY: 256,
  DIRTYRATE: 512,
  VM: 1024,
} as const;

/** Whether a change is for the running domain, its configuration, or both. */
export const AFFECT = {
  CURRENT: 0,
  LIVE: 1,
  CONFIG: 2,
} as const;

/** Flags of the vcpus calls, beside `AFFECT`. */
export const VCPU_FLAG = {
  MAXIMUM: 4,
  GUEST: 8,
  HOTPLUGGABLE: 16,
} as const;

/** Flags of the memory calls, beside `AFFECT`. */
export const MEMORY_FLAG = {
  MAXIMUM: 4,
} as const;

/** Flags of opening a console. */
export const CONSOLE_FLAG = {
  FORCE: 1,
  SAFE: 2,
} as const;

/** Flags of opening a connection to a screen. */
export const OPEN_GRAPHICS_FLAG = {
  /** Whoever is at the other end need not log in. */
  SKIPAUTH: 1,
} as const;

/** Flags of associating descriptors with a domain. */
export const FD_ASSOCIATE_FLAG = {
  /** The file gets its label back when it is of use no longer. */
  SECLABEL_RESTORE: 1,
  /** The guest may write to it. */
  SECLABEL_WRITABLE: 2,
} as const;

/** Which figure a `MemoryStat` is. */
export const MEMORY_STAT = {
  SWAP_IN: 0,
  SWAP_OUT: 1,
  MAJOR_FAULT: 2,
  MINOR_FAULT: 3,
  UNUSED: 4,
  AVAILABLE: 5,
  ACTUAL_BALLOON: 6,
  RSS: 7,
  USABLE: 8,
  LAST_UPDATE: 9,
  DISK_CACHES: 10,
  HUGETLB_PGALLOC: 11,
  HUGETLB_PGFAIL: 12,
} as const;

/** Flags of the bulk statistics, beside the selection flags of `LIST_DOMAINS_FLAG`. */
export const STATS_FLAG = {
  NOWAIT: 1 << 29,
  BACKING: 1 << 30,
  ENFORCE_STATS: 2147483648,
} as const;

/** How a client came to a server (`virClientTransport`). */
export const CLIENT_TRANSPORT = {
  UNIX: 0,
  TCP: 1,
  TLS: 2,
} as const;
