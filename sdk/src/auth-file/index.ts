export { authFiles, credentialsFor, parseKeyFile } from "./auth-file.js";
export { type Credentials, findCredentials, type LoginPlace } from "./find-credentials.js";
