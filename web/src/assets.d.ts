// What web/build.mjs makes of some imports.

/** Whether a Python is built in (TIRO_PYTHON). */
declare const WITH_PYTHON: boolean;

/** A file beside the page: its address. */
declare module "file:*" {
    const url: string;
    export default url;
}
/** A bundle that runs in a frame or a worker: its address. */
declare module "script:*" {
    const url: string;
    export default url;
}
declare module "pyodide/pyodide.asm.mjs" {
    const createPyodideModule: (settings: unknown) => Promise<unknown>;
    export default createPyodideModule;
}
