import {
  type Call,
  type HypervisorCallName,
  isNeeded,
  type MaybePromise,
  type ObjectAttributes,
  type Permission,
  VirtError,
} from "@polyvisor/core";
import type { Args } from "../rpc/table.js";
import type { Asker } from "./asker.js";
import { documentAttributes } from "./document.js";
import { driverOf } from "./driver-name.js";
import { answerForAll } from "./for-all.js";
import { imageAttributes, imagePath } from "./image.js";
import { whenThere } from "./maybe.js";
import {
  isSubjectName,
  type Reference,
  resolveNamed,
  SUBJECTS,
  type Subject,
  type SubjectName,
  subjectOf,
} from "./subject.js";

/** What is made in an object that the client names, and is known by its document alone. */
const MADE_IN: Readonly<Partial<Record<SubjectName, SubjectName>>> = {
  storage_pool: "storage_vol",
  network: "network_port",
};

/** How often an object may change while a policy thinks about it. */
const RENAMES_MAX = 3;

/**
 * Checks every permission that the call needs with these arguments, on the object as its driver knows it. A policy that
 * takes its time is asked again where the object has another name by then. Puts the object into `args` in the place of
 * what the client said of it. Throws or rejects with `ACCESS_DENIED`, or where the object is not there.
 */
export function authorize(asker: Asker, name: HypervisorCallName, call: Call, args: Args): MaybePromise<void> {
  const named = subjectOf(call);
  const reference = named && args[named.field];
  if (named === undefined || reference === null || reference === undefined) {
    if (isAllowedOfAll(asker, call, args)) return;
    return whenThere(unnamedAttributes(asker, call, args), (about) => check(asker, name, call, args, about));
  }
  if (isAllowedOfAll(asker, call, args)) return whenThere(resolveNamed(asker.connection, named, args), () => {});
  const made = MADE_IN[named.name];
  const about = made !== undefined && call.acl[0]?.object === made ? documentAttributes(made, args) : {};
  const question: Question = {
    ask: (known) => check(asker, name, call, args, { ...known, ...about }),
    look: () =>
      whenThere(resolveNamed(asker.connection, named, args), (found) => attributesOf(asker, named.name, found)),
  };
  return whenThere(question.look(), (known) => {
    const answered = question.ask(known);
    if (answered instanceof Promise) return agreeWithPresent(question, known, answered);
  });
}

/** A question about an object that may change while it is asked. */
interface Question {
  ask(known: ObjectAttributes): MaybePromise<void>;
  look(): MaybePromise<ObjectAttributes>;
}

/** The policy took its time: what it said counts only if the object is still what it was asked about. */
async function agreeWithPresent(question: Question, asked: ObjectAttributes, answered: Promise<void>): Promise<void> {
  let known = asked;
  await answered;
  for (let round = 0; round < RENAMES_MAX; round++) {
    const now = await question.look();
    if (sameAttributes(known, now)) return;
    known = now;
    await question.ask(known);
  }
  if (sameAttributes(known, await question.look())) return;
  throw new VirtError("ACCESS_DENIED", "the object is renamed again and again", { hint: "try again later" });
}

/** Checks a lookup on what it found. Throws or rejects with `ACCESS_DENIED`. */
export function authorizeFound(
  asker: Asker,
  name: HypervisorCallName,
  call: Call,
  sort: SubjectName,
  found: unknown,
): MaybePromise<void> {
  if (isAllowedOfAll(asker, call, {})) return;
  return whenThere(attributesOf(asker, sort, found as Reference), (about) => check(asker, name, call, {}, about));
}

/** Of an object that a call does not name, but tells of in a document of the client's or a saved image. */
function unnamedAttributes(asker: Asker, call: Call, args: Args): MaybePromise<ObjectAttributes> {
  const { object = "none" } = call.acl[0] ?? {};
  if (!isSubjectName(object)) return {};
  const image = object === "domain" ? imagePath(args) : undefined;
  if (image === undefined) return documentAttributes(object, args);
  return whenThere(imageAttributes(asker, image), (about) => about ?? documentAttributes(object, args));
}

/** Whether the client may do this to whatever object: most may, and then nobody has to tell objects apart. */
function isAllowedOfAll({ policy, identity }: Asker, call: Call, args: Args): boolean {
  for (const needed of call.acl) {
    const { object, permission } = needed;
    if (object === "none" || !isNeeded(needed, args)) continue;
    if (answerForAll(policy, { identity, object, permission }) !== true) return false;
  }
  return true;
}

/** Asks for one permission after the other, until one is refused. */
function check(
  asker: Asker,
  name: HypervisorCallName,
  call: Call,
  args: Args,
  about: ObjectAttributes,
): MaybePromise<void> {
  const needed = call.acl.filter((permission) => permission.object !== "none" && isNeeded(permission, args));
  const checkFrom = (index: number): MaybePromise<void> => {
    const permission = needed[index];
    if (permission === undefined) return;
    const { object } = permission;
    const attributes = object === "connect" ? {} : about;
    return whenThere(allows(asker, name, object, permission.permission, attributes), (allowed) => {
      if (!allowed) throw refused(asker, name, permission, attributes);
      return checkFrom(index + 1);
    });
  };
  return checkFrom(0);
}

function refused(
  asker: Asker,
  call: HypervisorCallName,
  { object, permission }: Permission,
  about: ObjectAttributes,
): VirtError {
  const asked = `${object}:${permission}`;
  asker.log.warn({ identity: asker.identity, call, permission: asked, object: about }, "access denied");
  return new VirtError("ACCESS_DENIED", `'${driverOf(asker.connection)}' denied access`, {
    domain: "ACCESS",
    hint: `the daemon's access policy does not allow ${asked}`,
  });
}

/** A policy that fails denies. */
function allows(
  asker: Asker,
  call: HypervisorCallName,
  object: string,
  permission: string,
  attributes: ObjectAttributes,
): MaybePromise<boolean> {
  const { policy, identity, connection } = asker;
  const failed = (error: unknown): false => {
    const about = { identity, call, permission: `${object}:${permission}`, object: attributes };
    asker.log.error({ err: error, ...about }, "an access policy failed");
    return false;
  };
  try {
    const about = { connect_driver: driverOf(connection), ...attributes };
    const answer = policy.allows({ identity, call, object, permission, attributes: about });
    return answer instanceof Promise ? answer.catch(failed) : answer;
  } catch (error) {
    return failed(error);
  }
}

/** Whether the client may know of every object of this sort. */
export function maySeeAll({ policy, identity }: Asker, object: SubjectName, permission: string): boolean {
  return answerForAll(policy, { identity, object, permission }) === true;
}

/** Whether the client may know of an object at all: for lists and events. Nobody is told of a refusal. */
export function maySee(
  asker: Asker,
  call: HypervisorCallName,
  sort: SubjectName,
  permission: string,
  reference: Reference,
): MaybePromise<boolean> {
  const gone = (error: unknown): false => {
    asker.log.debug({ err: error, call, object: reference }, "what is gone while it is looked at is not shown");
    return false;
  };
  try {
    const seen = whenThere(attributesOf(asker, sort, reference), (about) =>
      allows(asker, call, sort, permission, about),
    );
    return seen instanceof Promise ? seen.catch(gone) : seen;
  } catch (error) {
    return gone(error);
  }
}

function attributesOf({ connection }: Asker, sort: SubjectName, reference: Reference): MaybePromise<ObjectAttributes> {
  const subject: Subject = SUBJECTS[sort];
  return subject.attributes(reference, connection);
}

function sameAttributes(a: ObjectAttributes, b: ObjectAttributes): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
