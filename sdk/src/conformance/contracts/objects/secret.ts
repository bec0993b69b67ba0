import { LIST_SECRETS_FLAG, SECRET_EVENT, type Secret } from "@polyvisor/core";
import type { HypervisorSubject } from "../../hypervisor/index.js";
import { TRAITS } from "../../hypervisor/profile.js";
import type { Case, Check } from "../../kit/index.js";
import { listen } from "./listen.js";
import { answerOf, connect } from "./made.js";

/** `VIR_SECRET_USAGE_TYPE_CEPH` */
const CEPH = 2;

interface Wanted {
  readonly uuid: string;
  readonly usage: string;
  readonly ephemeral?: boolean;
  readonly isPrivate?: boolean;
}

const document = ({ uuid, usage, ephemeral = false, isPrivate = false }: Wanted) =>
  `<secret ephemeral='${ephemeral ? "yes" : "no"}' private='${isPrivate ? "yes" : "no"}'><uuid>${uuid}</uuid>` +
  `<usage type='ceph'><name>${usage}</name></usage></secret>`;

const VALUE = Buffer.from([0, 1, 2, 253, 254, 255]);

/** Secrets: who they are for, and who is told what they are. */
export const secretCases: readonly Case<HypervisorSubject>[] = [
  {
    name: "secret: is defined, found by UUID and usage, and forgotten",
    group: "lifecycle",
    needs: ["secretDefineXML", "secretLookupByUUID", "secretLookupByUsage", "secretUndefine", "connectListAllSecrets"],
    async run(subject, check) {
      const { api, define } = await secrets(subject, check);
      const secret = await define();
      check.equal(secret.usageType, CEPH, "the usage's type");
      check.equal(await api.secretLookupByUUID({ uuid: secret.uuid }), secret, "by UUID");
      check.equal(await api.secretLookupByUsage(secret), secret, "by usage");
      const listed = async () =>
        (await api.connectListAllSecrets({ flags: 0 })).some(({ uuid }) => uuid === secret.uuid);
      check.equal(await listed(), true, "in the list");
      await api.secretUndefine({ secret });
      check.equal(await listed(), false, "in the list once it is forgotten");
      await check.refused(api.secretLookupByUUID({ uuid: secret.uuid }), "NO_SECRET", "by UUID once it is forgotten");
      await check.refused(api.secretLookupByUsage(secret), "NO_SECRET", "by usage once it is forgotten");
      await check.refused(api.secretUndefine({ secret }), "NO_SECRET", "to forget it again");
    },
  },
  {
    name: "secret: a value comes back as it was, byte for byte",
    group: "values",
    needs: ["secretDefineXML", "secretSetValue", "secretGetValue"],
    async run(subject, check) {
      const { api, define } = await secrets(subject, check);
      const secret = await define();
      await check.refused(api.secretGetValue({ secret, flags: 0 }), "NO_SECRET", "a value that nobody has set");
      for (const value of [VALUE, Buffer.from("x"), Buffer.alloc(4096, 7)]) {
        await api.secretSetValue({ secret, value, flags: 0 });
        const back = await api.secretGetValue({ secret, flags: 0 });
        check.ok(Buffer.from(back).equals(value), `another value came back for one of ${value.length} bytes`);
      }
    },
  },
  {
    name: "secret: nobody is told what is private",
    group: "values",
    needs: ["secretDefineXML", "secretSetValue", "secretGetValue"],
    async run(subject, check) {
      const { api, define } = await secrets(subject, check);
      const secret = await define({ isPrivate: true });
      await api.secretSetValue({ secret, value: VALUE, flags: 0 });
      await check.refused(api.secretGetValue({ secret, flags: 0 }), "INVALID_SECRET", "a private value");
    },
  },
  {
    name: "secret: no document holds a value",
    group: "values",
    needs: ["secretDefineXML", "secretSetValue", "secretGetXMLDesc"],
    async run(subject, check) {
      const { api, define } = await secrets(subject, check);
      const secret = await define();
      const words = check.newName();
      await api.secretSetValue({ secret, value: Buffer.from(words), flags: 0 });
      const xml = await api.secretGetXMLDesc({ secret, flags: 0 });
      const encoded = Buffer.from(words).toString("base64");
      check.ok(!xml.includes(words) && !xml.includes(encoded), "the document has the value in it");
    },
  },
  {
    name: "secret: one usage has one secret",
    group: "identity",
    needs: ["secretDefineXML", "secretLookupByUsage"],
    async run(subject, check) {
      const { api, define } = await secrets(subject, check);
      const secret = await define();
      const rival = document({ uuid: check.newUuid(), usage: secret.usageID });
      await check.refused(
        api.secretDefineXML({ xml: rival, flags: 0 }),
        ["INTERNAL_ERROR", "OPERATION_FAILED"],
        "a rival",
      );
      check.equal(await api.secretLookupByUsage(secret), secret, "the first one");
      const moved = document({ uuid: secret.uuid, usage: check.newName() });
      await check.refused(api.secretDefineXML({ xml: moved, flags: 0 }), undefined, "another usage for the same one");
    },
  },
  {
    name: "secret: lists have what they are asked for",
    group: "lists",
    needs: ["secretDefineXML", "connectListAllSecrets"],
    async run(subject, check) {
      const { api, define } = await secrets(subject, check);
      const [plain, hidden] = [await define(), await define({ isPrivate: true, ephemeral: true })];
      const { EPHEMERAL, NO_EPHEMERAL, PRIVATE, NO_PRIVATE } = LIST_SECRETS_FLAG;
      const rows = [
        ["all", 0, true, true],
        ["ephemeral", EPHEMERAL, false, true],
        ["kept", NO_EPHEMERAL, true, false],
        ["private", PRIVATE, false, true],
        ["not private", NO_PRIVATE, true, false],
        ["private but kept", PRIVATE | NO_EPHEMERAL, false, false],
      ] as const;
      for (const [title, flags, hasPlain, hasHidden] of rows) {
        const uuids = (await api.connectListAllSecrets({ flags })).map(({ uuid }) => uuid);
        check.equal(
          [uuids.includes(plain.uuid), uuids.includes(hidden.uuid)],
          [hasPlain, hasHidden],
          `the list: ${title}`,
        );
      }
    },
  },
  {
    name: "secret: its life and its value's changes are told",
    group: "events",
    needs: ["secretDefineXML", "secretSetValue", "secretUndefine", "connectSecretEventRegisterAny"],
    async run(subject, check) {
      const { api, define } = await secrets(subject, check);
      const heard = await listen(await connect(subject, check), check, ["secretLifecycle", "secretValueChanged"]);
      const secret = await define();
      await api.secretSetValue({ secret, value: VALUE, flags: 0 });
      await api.secretUndefine({ secret });
      const steps = () =>
        heard.events
          .filter(({ object }) => "uuid" in object && object.uuid === secret.uuid)
          .map((event) => ("event" in event ? event.event : event.kind));
      await check.eventually("the end is told", () => steps().includes(SECRET_EVENT.UNDEFINED));
      check.equal(steps(), [SECRET_EVENT.DEFINED, "secretValueChanged", SECRET_EVENT.UNDEFINED], "what was told");
    },
  },
  {
    name: "secret: what is no document costs nothing",
    group: "bad input",
    needs: ["secretDefineXML", "secretGetXMLDesc"],
    async run(subject, check) {
      const { api, define } = await secrets(subject, check);
      const secret = await define();
      const before = await api.secretGetXMLDesc({ secret, flags: 0 });
      for (const xml of ["", "<", "<secret>", "<domain/>", before.replace("ephemeral='no'", "ephemeral='never'")])
        await check.refused(api.secretDefineXML({ xml, flags: 0 }), undefined, JSON.stringify(xml));
      check.equal(await api.secretGetXMLDesc({ secret, flags: 0 }), before, "the definition");
      await check.refused(api.connectListAllSecrets({ flags: 0x40000000 }), "INVALID_ARG", "an unknown flag");
    },
  },
  {
    name: "secret: a client that came to look learns no value and changes nothing",
    group: "read-only",
    needs: ["secretDefineXML", "secretSetValue", "secretGetValue"],
    async run(subject, check) {
      const owner = await secrets(subject, check);
      const secret = await owner.define();
      await owner.api.secretSetValue({ secret, value: VALUE, flags: 0 });
      const { api } = await connect(subject, check, { readOnly: true });
      const changes = {
        secretGetValue: () => api.secretGetValue({ secret, flags: 0 }),
        secretSetValue: () => api.secretSetValue({ secret, value: Buffer.from("other"), flags: 0 }),
        secretUndefine: () => api.secretUndefine({ secret }),
        secretDefineXML: () =>
          api.secretDefineXML({ xml: document({ uuid: check.newUuid(), usage: check.newName() }), flags: 0 }),
      };
      for (const [call, change] of Object.entries(changes))
        await check.refused(change(), answerOf(check, call, "OPERATION_DENIED"), call);
      const value = await owner.api.secretGetValue({ secret, flags: 0 });
      check.ok(Buffer.from(value).equals(VALUE), "the value has changed");
    },
  },
  {
    name: "secret: what is to be kept is there after a restart, and nothing else is",
    group: "persistence",
    needs: ["secretDefineXML", "secretSetValue", "secretGetValue", TRAITS.restarts, TRAITS.keepsDefinitions],
    async run(subject, check) {
      const { restart } = subject;
      if (restart === undefined) return check.leaveOut("nobody can restart it here");
      const before = await secrets(subject, check);
      const [kept, ephemeral] = [await before.define(), await before.define({ ephemeral: true })];
      for (const secret of [kept, ephemeral]) await before.api.secretSetValue({ secret, value: VALUE, flags: 0 });
      await restart.call(subject);
      const { api } = await connect(subject, check);
      check.cleanup(() => api.secretUndefine({ secret: kept }));
      check.ok(
        Buffer.from(await api.secretGetValue({ secret: kept, flags: 0 })).equals(VALUE),
        "the value has changed",
      );
      await check.refused(api.secretLookupByUUID({ uuid: ephemeral.uuid }), "NO_SECRET", "an ephemeral one");
    },
  },
];

async function secrets(subject: HypervisorSubject, check: Check) {
  const { api } = await connect(subject, check);
  const define = async (wanted: Partial<Wanted> = {}): Promise<Secret> => {
    const xml = document({ uuid: check.newUuid(), usage: check.newName(), ...wanted });
    const secret = await api.secretDefineXML({ xml, flags: 0 });
    check.cleanup(() => api.secretUndefine({ secret }));
    return secret;
  };
  return { api, define };
}
