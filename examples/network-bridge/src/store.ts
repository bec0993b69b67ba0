import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { removeFile, writeFileAtomic } from "@polyvisor/sdk/store";

/** Documents in a folder, `NAME.xml` each. */
export class XmlFolder {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async all(): Promise<string[]> {
    const files = await readdir(this.#folder).catch(() => []);
    return Promise.all(
      files.filter((file) => file.endsWith(".xml")).map((file) => readFile(join(this.#folder, file), "utf8")),
    );
  }

  put(name: string, xml: string): Promise<void> {
    return writeFileAtomic(this.#path(name), xml);
  }

  remove(name: string): Promise<void> {
    return removeFile(this.#path(name));
  }

  #path(name: string): string {
    return join(this.#folder, `${name}.xml`);
  }
}
