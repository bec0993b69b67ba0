// Writes sdk/schemas/domain.json, the JSON schema of a domain, from the types of sdk/src/conf/json/model.ts.
// `--check` fails where the file is stale.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createGenerator } from "ts-json-schema-generator";

const project = new URL("..", import.meta.url).pathname;
const file = join(project, "sdk/schemas/domain.json");

const schema = createGenerator({
  path: join(project, "sdk/src/conf/json/model.ts"),
  tsconfig: join(project, "sdk/tsconfig.json"),
  type: "DomainJson",
  skipTypeCheck: true,
}).createSchema("DomainJson");

/** Every number of the model is whole, which its types cannot say. */
const text = `${JSON.stringify(schema, (key, value) => (key === "type" && value === "number" ? "integer" : value), 1)}\n`;

if (!process.argv.includes("--check")) {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
} else if ((await readFile(file, "utf8").catch(() => "")) !== text) {
  console.error("sdk/schemas/domain.json is stale: run npm run schema");
  process.exitCode = 1;
}
