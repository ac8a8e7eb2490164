import { z } from "zod";

const RESOLVER = "https://cloudflare-dns.com/dns-query";
const TIMEOUT_MS = 3_000;
const CACHE_MS = 30_000;
const CACHE_MAX_HOSTS = 1_000;

// By the numbers of RFC 1035 and RFC 3596. An answer names the aliases on the way to its addresses as well.
const RECORD_TYPES = { A: 1, AAAA: 28 };

// By RFC 1035, too: the name has such records or has none (0), or there is no such name (3).
const KNOWN_STATUSES = [0, 3];

const dnsAnswer = z.object({
  Status: z.int(),
  Answer: z.array(z.object({ type: z.int(), data: z.string() })).default([]),
});

/**
 * Looks a host's addresses up with Cloudflare's resolver, by DNS over HTTPS in its JSON form
 * (https://developers.cloudflare.com/1.1.1.1/encryption/dns-over-https/make-api-requests/dns-json/). None if it has
 * none, or if either kind of address cannot be found out.
 */
export function hostResolver(
  fetchDns: (url: string, init: RequestInit) => Promise<Response> = (url, init) => fetch(url, init),
  now: () => number = () => Date.now(),
): (host: string) => Promise<string[]> {
  const known = new Map<string, { addresses: string[]; until: number }>();

  return async (host) => {
    const cached = known.get(host);
    if (cached && cached.until > now()) return cached.addresses;
    const addresses = await lookUp(fetchDns, host);
    if (addresses.length > 0) {
      if (known.size >= CACHE_MAX_HOSTS) known.clear();
      known.set(host, { addresses, until: now() + CACHE_MS });
    }
    return addresses;
  };
}

async function lookUp(fetchDns: (url: string, init: RequestInit) => Promise<Response>, host: string) {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const found = await Promise.all(
      Object.entries(RECORD_TYPES).map(async ([name, type]) => {
        const url = `${RESOLVER}?name=${encodeURIComponent(host)}&type=${name}`;
        const response = await fetchDns(url, { headers: { accept: "application/dns-json" }, signal });
        if (!response.ok) throw new Error(`the resolver answered ${response.status}`);
        const { Status: status, Answer: records } = dnsAnswer.parse(await response.json());
        if (!KNOWN_STATUSES.includes(status)) throw new Error(`the name servers answered with status ${status}`);
        return records.filter((record) => record.type === type).map((record) => record.data);
      }),
    );
    return found.flat();
  } catch (error) {
    console.warn(JSON.stringify({ message: "a host's addresses were not found out", host, error: String(error) }));
    return [];
  }
}
