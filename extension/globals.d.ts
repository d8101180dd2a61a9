// What the classic scripts of the extension share through globalThis.
import type * as messages from "./gen/messages";

type Wire = { ok: boolean; result?: any; fault?: messages.Fault };

declare global {
  var ScelleProtocol: {
    version: string;
    protocol: number;
    minProtocol: number;
    hostName: string;
    methods: Record<messages.Method, { from: readonly messages.Party[]; to: messages.Party }>;
    kinds: Record<"request" | "response" | "progress" | "call" | "callResult" | "cancel" | "hello", messages.Kind>;
    calls: Record<messages.Call, { blob: boolean; files: boolean }>;
    limits: Record<"maxFrame" | "maxPresent" | "maxRecipients" | "maxRecipientDER" | "maxFiles", number>;
  };
  var ScelleFaults: Record<messages.FaultCode, { group: messages.FaultGroup } & Record<"fr" | "en", { text: string; remedy: string }>>;
  var ScelleNative: { connect(party?: "app" | "worker"): any };
  var ScelleManaged: { read(): Promise<any>; allows(settled: any, origin: string): boolean };
  var ScellePublisher: { address: string; keys: readonly string[] };
  var ScelleUpdate: any;
  var scelleUpdate: { question: string; answer: string } | undefined;
  var scelleManaged: any;
  var ScellePortals: readonly string[];
  var ScelleSites: any;
  var scelleLanguage: string | undefined;
  var ScelleSessions: any;
  var ScelleStatus: any;
  var scelleRole: string | undefined;
  var scelleWorker: { listen(fn: (data: any) => void): void; digests(): Worker; drop(buffer: ArrayBuffer): void };

  // Go's wasm_exec.js.
  class Go {
    importObject: WebAssembly.Imports;
    run(instance: WebAssembly.Instance): Promise<void>;
  }
  // Only in workers; the DOM library that is checked against has it not.
  function importScripts(...urls: string[]): void;
}
