/** The build includes a binary as bytes; so does the configuration of the tests. */
declare module "*.wasm" {
  const binary: Uint8Array<ArrayBuffer>;
  export default binary;
}

/** What this project uses of the WebAssembly interface, which TypeScript declares only for browsers. */
declare namespace WebAssembly {
  type Module = object;
  const Module: new (binary: Uint8Array<ArrayBuffer>) => Module;
  class Instance {
    constructor(module: Module, imports: Readonly<Record<string, object>>);
    readonly exports: object;
  }
  interface Memory {
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
}
