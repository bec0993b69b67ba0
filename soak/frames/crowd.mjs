// A process of rude clients. Started by rudeness.mjs: takes orders, one at a time, and answers with figures.
import { RUDE } from "./rude.mjs";

process.on("message", async ({ name, target, seconds }) => {
  process.send(await RUDE[name].run(target, seconds));
});
process.on("disconnect", () => process.exit());
