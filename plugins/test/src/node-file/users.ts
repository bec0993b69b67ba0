import { type Uri, uriParam, VirtError } from "@polyvisor/core";
import { attribute, child, childElements, textOf, type XmlElement } from "@polyvisor/sdk/xml";

/** Who may open a node. Nobody asks for a password where there is none. */
export interface NodeUser {
  readonly name: string;
  readonly password: string | undefined;
}

/** The users of `<auth>`; without any, everybody may open the node. */
export function usersOf(root: XmlElement): readonly NodeUser[] {
  const auth = child(root, "auth");
  return (auth === undefined ? [] : childElements(auth, "user")).map((element) => {
    const name = textOf(element);
    if (name !== "") return { name, password: attribute(element, "password") };
    throw new VirtError("XML_ERROR", "missing username in /node/auth/user field", {
      domain: "TEST",
      hint: "write the name between <user> and </user>",
    });
  });
}

/**
 * Throws where the URI does not name one of the users. Their library asks libvirt's clients; a daemon can ask nobody, so
 * the URI itself says it: `username` and `password`.
 */
export function checkUser(users: readonly NodeUser[], uri: Uri): void {
  if (users.length === 0) return;
  const name = uriParam(uri, "username");
  if (name === undefined) {
    throw new VirtError("INVALID_ARG", "Missing authentication credentials", {
      domain: "AUTH",
      hint: "add username=NAME and password=WORD to the URI",
    });
  }
  const user = users.find((each) => each.name === name);
  if (user !== undefined && (user.password === undefined || user.password === uriParam(uri, "password"))) return;
  throw new VirtError("AUTH_FAILED", "authentication failed, see test XML for the correct username/password", {
    domain: "TEST",
    hint: "the users are in <auth> of the node's file",
  });
}
