declare module "js-md4" {
  interface Md4 {
    array(message: Uint8Array): number[];
  }
  const md4: Md4;
  export default md4;
}
