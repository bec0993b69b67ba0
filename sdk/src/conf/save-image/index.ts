export { formatSaveCookie, parseSaveCookie } from "./cookie.js";
export {
  decodeSaveHeader,
  encodeSaveImage,
  finishedHeader,
  readSaveData,
  SAVE_COMPRESSIONS,
  SAVE_HEADER_BYTES,
  type SaveCompression,
  type SaveData,
  type SaveHeader,
} from "./image.js";
