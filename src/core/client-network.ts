import ipaddr from "ipaddr.js";

const IPV6_NETWORK_BYTES = 8;

/**
 * What stands for whoever calls from an address: an IPv4 address itself, of an IPv6 address its first 64 bits, of which
 * one caller has them all. A text that is no address stands for itself.
 */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === "ipv4") return parsed.toString();
  return `${parsed
    .toByteArray()
    .slice(0, IPV6_NETWORK_BYTES)
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("")}/64`;
}
