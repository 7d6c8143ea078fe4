// Pyodide looks for importScripts to refuse workers that cannot import modules. Here it has nothing to import.
Object.defineProperty(globalThis, "importScripts", { value: undefined });
export {};
