import dgram from "node:dgram";
import dns from "node:dns";
import module from "node:module";
import net from "node:net";

const networkModules = new Set([
  "dgram",
  "dns",
  "dns/promises",
  "http",
  "http2",
  "https",
  "inspector",
  "inspector/promises",
  "net",
  "quic",
  "tls",
]);

function refuse(): never {
  throw new Error("The parsing process has no network.");
}

/**
 * Takes the network away from this process for good. Node 24's permission model does not cover sockets, so this closes what JavaScript can
 * reach: the modules, the globals, and the prototypes behind streams that are open already. It does not stop native code.
 */
export function denyNetwork(): void {
  for (const name of ["fetch", "WebSocket", "EventSource", "XMLHttpRequest", "navigator"]) Reflect.deleteProperty(globalThis, name);
  lock(net.Socket.prototype, ["connect"]);
  lock(net.Server.prototype, ["listen"]);
  lock(dgram.Socket.prototype, ["bind", "connect", "send"]);
  lock(
    dns,
    Object.keys(dns).filter((name) => /^(?:lookup|resolve|reverse)/u.test(name)),
  );
  lock(
    dns.promises,
    Object.keys(dns.promises).filter((name) => /^(?:lookup|resolve|reverse)/u.test(name)),
  );
  const original = process.getBuiltinModule.bind(process);
  Object.defineProperty(process, "getBuiltinModule", {
    value: (id: string) => (networkModules.has(id.replace(/^node:/u, "")) ? refuse() : original(id)),
    writable: false,
    configurable: false,
  });
  module.registerHooks({
    resolve: (specifier, context, next) => {
      if (networkModules.has(specifier.replace(/^node:/u, ""))) refuse();
      return next(specifier, context);
    },
  });
}

function lock(target: object, names: readonly string[]): void {
  for (const name of names) Object.defineProperty(target, name, { value: refuse, writable: false, configurable: false });
}
