/** The C library, through koffi's binary alone. Every call waits. */
interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  connect(fd: number, address: Buffer, length: number): number;
  setsockopt(fd: number, level: number, name: number, value: Buffer, length: number): number;
  send(fd: number, data: Uint8Array, length: number, flags: number): number;
  recv(fd: number, data: Buffer, length: number, flags: number): number;
  fcntl(fd: number, command: number, argument: number): number;
  signal(number: number, handler: number): number;
  sigprocmask(how: number, set: Buffer, old: null): number;
  getrlimit(resource: number, limits: Buffer): number;
  setrlimit(resource: number, limits: Buffer): number;
  execvpe(file: Buffer, argv: Buffer, envp: Buffer): number;
  errno(): number;
  address(buffer: Buffer): bigint;
  /** Bytes of a pointer and of a `long`. */
  readonly wordBytes: number;
}

interface Koffi {
  load(library: null): { func(declaration: string): unknown };
  errno(): number;
  address(buffer: Buffer): bigint;
  sizeof(type: string): number;
}

const DECLARATIONS = {
  socket: "int socket(int, int, int)",
  connect: "int connect(int, const uint8_t *, uint32_t)",
  setsockopt: "int setsockopt(int, int, int, const uint8_t *, uint32_t)",
  send: "intptr_t send(int, const uint8_t *, size_t, int)",
  recv: "intptr_t recv(int, _Out_ uint8_t *, size_t, int)",
  fcntl: "int fcntl(int, int, int)",
  signal: "intptr_t signal(int, intptr_t)",
  sigprocmask: "int sigprocmask(int, const uint8_t *, void *)",
  getrlimit: "int getrlimit(int, _Out_ uint8_t *)",
  setrlimit: "int setrlimit(int, const uint8_t *)",
  execvpe: "int execvpe(const uint8_t *, const uint8_t *, const uint8_t *)",
} as const;

/** `binary` is koffi's own file where it is known. */
function loadLibc(binary: string | null): Libc {
  const koffi = loadKoffi(binary);
  const library = koffi.load(null);
  const functions = Object.entries(DECLARATIONS).map(([name, declaration]) => [name, library.func(declaration)]);
  return {
    ...Object.fromEntries(functions),
    errno: () => koffi.errno(),
    address: (buffer: Buffer) => koffi.address(buffer),
    wordBytes: koffi.sizeof("long"),
  } as Libc;
}

function loadKoffi(binary: string | null): Koffi {
  if (binary === null) return require("koffi") as Koffi;
  const holder: { exports: Partial<Koffi> } = { exports: {} };
  process.dlopen(holder, binary);
  const { load, errno, address, sizeof } = holder.exports;
  return load && errno && address && sizeof ? (holder.exports as Koffi) : (require("koffi") as Koffi);
}

export = { loadLibc };
