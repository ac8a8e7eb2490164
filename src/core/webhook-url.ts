import ipaddr from "ipaddr.js";

const WEBHOOK_URL_MAX_CHARACTERS = 2_000;

// By RFC 2606, 6761, 6762, 7686, 8375 and 9476, and by custom.
const LOCAL_NAMES = /(^|\.)(local|localdomain|lan|internal|intranet|corp|home|home\.arpa|test|invalid|onion|alt)$/;
// Also where it is empty, which URL() drops.
const USER_INFO = /^[^:/\\]*:[/\\]*[^/\\?#]*@/;
const LOOPBACK_NAME = /(^|\.)localhost$/;

// The metadata and health service of Azure's virtual machines, the one of its kind that has a public address.
const AZURE_PLATFORM = "168.63.129.16";

/**
 * Says why webhooks may not go to this URL, as a sentence; null if they may. Looks at the URL alone: what its host
 * resolves to is for whoever sends. With `allowLocal`, http and loopback are allowed too.
 */
export function refuseWebhookUrl(text: string, { allowLocal }: { allowLocal: boolean }): string | null {
  if (text.length > WEBHOOK_URL_MAX_CHARACTERS) return `Must have at most ${WEBHOOK_URL_MAX_CHARACTERS} characters.`;
  // URL() would drop these without a word.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
  if (/[\u0000-\u0020\u007f]/.test(text)) return "Must not contain spaces or control characters.";
  const url = URL.parse(text);
  if (!url) return "Must be an absolute URL.";
  if (url.protocol !== "https:" && !(allowLocal && url.protocol === "http:")) return "Must begin with https://.";
  if (url.username !== "" || url.password !== "" || USER_INFO.test(text))
    return "Must not contain a user name or password.";
  return refuseHost(url.hostname, allowLocal);
}

/** The name that a lookup has to resolve before a webhook may go to this URL; null for an address and for localhost. */
export function hostToResolve(url: string): string | null {
  const { hostname } = new URL(url);
  const host = hostname.replace(/\.$/, "");
  return ipaddr.isValid(host.replace(/^\[|\]$/g, "")) || LOOPBACK_NAME.test(host) ? null : host;
}

function refuseHost(hostname: string, allowLocal: boolean): string | null {
  const host = hostname.replace(/\.$/, "");
  const literal = host.replace(/^\[|\]$/g, "");
  if (ipaddr.isValid(literal)) return refuseAddress(literal, allowLocal);
  if (LOOPBACK_NAME.test(host)) return allowLocal ? null : "Must not go to this machine.";
  if (!/^([^.]+\.)+[^.]+$/.test(host) || LOCAL_NAMES.test(host)) return "Must go to a host that has a public name.";
  return null;
}

/** Says why webhooks may not go to this IP address; null if they may. Only public unicast addresses are allowed. */
export function refuseAddress(address: string, allowLocal: boolean): string | null {
  const parsed = ipaddr.process(address);
  const range = parsed.range();
  if (range === "loopback") return allowLocal ? null : "Must not go to this machine.";
  const isPublic =
    range === "unicast" &&
    (parsed.kind() === "ipv4" || isGlobalUnicast(parsed)) &&
    parsed.toString() !== AZURE_PLATFORM;
  return isPublic ? null : "Must go to a public address.";
}

// Outside 2000::/3 there are forms that embed an IPv4 address, such as ::127.0.0.1.
function isGlobalUnicast(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return address.match(ipaddr.parseCIDR("2000::/3"));
}
