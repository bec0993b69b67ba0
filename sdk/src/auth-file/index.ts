export { authFiles, credentialsFor, parseKeyFile } from "./auth-file.js";
