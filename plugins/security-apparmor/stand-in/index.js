export { default } from "../dist/testing/stand-in-plugin.js";
