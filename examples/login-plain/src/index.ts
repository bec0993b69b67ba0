import { providers } from "@polyvisor/core";
import { PlainLogin } from "./login.js";

export default providers({ "auth.v1": PlainLogin });
