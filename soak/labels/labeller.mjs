// Labels files for a guest and puts them back, again and again, until it is killed, or until its input ends.
import { LabelTransactions } from "@polyvisor/sdk/labels";

const [folder, guest, ...paths] = process.argv.slice(2);
const quiet = { debug() {}, info() {}, warn: console.error, error: console.error };
const labels = new LabelTransactions({ model: "dac", folder, log: quiet });
const items = paths.map((path) => ({
  path,
  label: "+7:+8",
  remember: true,
  shared: false,
  own: false,
  optional: false,
}));
let isOver = false;
process.stdin.on("end", () => {
  isOver = true;
});
process.stdin.resume();
console.log("ready");
while (!isOver) {
  await labels.set(guest, items);
  await labels.restore(guest);
}
labels.close();
process.exit();
