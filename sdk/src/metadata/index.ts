export { type MetadataChange, metadataOf, withMetadata } from "./metadata.js";
