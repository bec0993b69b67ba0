export interface ConfigEntry {
  readonly key: string;
  readonly value: string | number | string[];
  readonly line: number;
}

/** Stand-in. */
export function parseConfigFile(text: string, path: string): ConfigEntry[] {
  const out: ConfigEntry[] = [];
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const line = (lines[i] as string).trim();
    if (line === "" || line.startsWith("#")) continue;
    const m = /^([A-Za-z_][\w.]*)\s*=\s*(.*?)$/.exec(line);
    if (m === null) throw new Error(`${path}:${i + 1}: expecting an assignment`);
    out.push({ key: m[1] as string, value: JSON.parse(m[2] as string), line: i + 1 });
  }
  return out;
}
