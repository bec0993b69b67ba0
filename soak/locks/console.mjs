import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

const LINE = /^H([0-9a-f]{8})$/;

/**
 * What a guest that counts has said, over all its runs and all files that its log was rolled over to.
 *
 * @typedef {object} Said
 * @property {string[]} faults
 * @property {number} runs
 * @property {number} last the number of the last line that is whole
 */

/** @returns {Promise<Said>} */
export async function readConsole(path) {
  const rolled = (await readdir(dirname(path)))
    .map((name) => ({ name, age: ageOf(name, basename(path)) }))
    .filter(({ age }) => age !== undefined)
    .sort((one, other) => other.age - one.age);
  const texts = await Promise.all(rolled.map(({ name }) => readFile(join(dirname(path), name), "latin1")));
  return judge(texts.join("").split("\n"));
}

/** The number behind a file that was rolled over: the higher the older. */
function ageOf(name, own) {
  if (name === own) return -1;
  const [, age] = name.startsWith(`${own}.`) ? (/^\.(\d+)$/.exec(name.slice(own.length)) ?? []) : [];
  return age === undefined ? undefined : Number(age);
}

/** A line is the one after the one before, or the first of a run; only what a run said last may be cut short. */
function judge(lines) {
  const faults = [];
  let last = 0;
  let runs = 0;
  // Behind the last newline stands what is being said at the moment.
  for (const [at, line] of lines.slice(0, -1).entries()) {
    const whole = LINE.exec(line);
    // A run that was killed in the middle of a line is followed by the first line of the next one.
    const cut = /^H[0-9a-f]{0,8}H00000001$/.test(line);
    const number = whole === null ? undefined : Number.parseInt(whole[1], 16);
    if (cut || number === 1) {
      runs += 1;
      last = 1;
    } else if (number === last + 1) {
      last = number;
    } else {
      faults.push(`line ${at + 1} of the console is '${line.slice(0, 80)}', after number ${last}`);
      last = number ?? last;
    }
  }
  return { faults: faults.slice(0, 5), runs, last };
}
