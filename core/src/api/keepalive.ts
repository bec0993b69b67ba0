import { defineMessages, message } from "./define.js";

/** Each side asks the other whether it is still there. */
export const keepaliveMessages = defineMessages({ ping: message(1, {}), pong: message(2, {}) });
