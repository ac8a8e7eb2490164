import { describe, expect, it } from "vitest";
import { refuseWebhookUrl } from "../../src/core/webhook-url.ts";

const refuse = (url: string) => refuseWebhookUrl(url, { allowLocal: false });
const refuseLocally = (url: string) => refuseWebhookUrl(url, { allowLocal: true });

const PUBLIC = [
  "https://example.com",
  "https://hooks.example.com:8443/a/b?c=d#e",
  "https://EXAMPLE.com/",
  "https://example.com./hook",
  "https://müller.example/hook",
  "https://localhost.example.com/",
  "https://internal.example.com/",
  "https://example.com/@me?to=a@b#@",
  "https://93.184.216.34/",
  "https://[2606:2800:220:1:248:1893:25c8:1946]/",
];

const LOOPBACK = [
  "https://localhost/",
  "https://LOCALHOST/",
  "https://localhost./",
  "https://app.localhost/",
  "https://127.0.0.1/",
  "https://127.0.0.1./",
  "https://127.8.9.10:8787/",
  "https://127.1/",
  "https://2130706433/",
  "https://0x7f000001/",
  "https://0x7f.1/",
  "https://0177.0.0.1/",
  "https://017700000001/",
  "https://①②⑦.⓪.⓪.①/",
  "https://127%2e0%2e0%2e1/",
  "https://[::1]/",
  "https://[0:0:0:0:0:0:0:1]/",
  "https://[::ffff:127.0.0.1]/",
  "https://[::ffff:7f00:1]/",
];

const NEVER = [
  "https://0.0.0.0/",
  "https://0/",
  "https://10.0.0.1/",
  "https://172.16.0.1/",
  "https://172.31.255.255/",
  "https://192.168.1.1/",
  "https://3232235777/",
  "https://0xc0a80101/",
  "https://0300.0250.1.1/",
  "https://169.254.169.254/latest/meta-data/",
  "https://2852039166/",
  "https://0xa9fea9fe/",
  "https://[::ffff:169.254.169.254]/",
  "https://[::ffff:a9fe:a9fe]/",
  "https://[::169.254.169.254]/",
  "https://[64:ff9b::169.254.169.254]/",
  "https://[2002:a9fe:a9fe::1]/",
  "https://100.64.0.1/",
  "https://100.100.100.200/",
  "https://168.63.129.16/",
  "https://192.0.0.192/",
  "https://198.18.0.1/",
  "https://203.0.113.7/",
  "https://224.0.0.1/",
  "https://255.255.255.255/",
  "https://[::]/",
  "https://[fe80::1]/",
  "https://[fd00:ec2::254]/",
  "https://[fc00::1]/",
  "https://[fec0::1]/",
  "https://[ff02::1]/",
  "https://[2001:db8::1]/",
  "https://metadata.google.internal/",
  "https://metadata.google.internal./",
  "https://printer.local/",
  "https://router.home.arpa/",
  "https://intranet/",
  "https://com./",
  "https://example.com../",
  "https://user@example.com/",
  "https://user:password@example.com/",
  "https://:password@example.com/",
  "https://example.com@127.0.0.1/",
  "https://@example.com/",
  "https:@example.com/",
  "https:\\\\@example.com/",
  "https://erp.lan/",
  "https://hooks.test/",
  "https://abc.onion/",
  "ftp://example.com/",
  "file:///etc/passwd",
  "javascript:alert(1)",
  "data:text/plain,x",
  "wss://example.com/",
  "//example.com/",
  "example.com",
  "/hook",
  "",
  " https://example.com/",
  "https://example.com/\n",
  "https://exa\tmple.com/",
  "https://example.com/a b",
  "https://",
  "https:///",
  "https://[::1",
  "https://1.2.3.256/",
  `https://example.com/${"a".repeat(2000)}`,
];

describe("URLs of webhooks", () => {
  it.each(PUBLIC)("allows %s", (url) => {
    expect(refuse(url)).toBeNull();
    expect(refuseLocally(url)).toBeNull();
  });

  it.each(LOOPBACK)("allows %s in local development only", (url) => {
    expect(refuse(url)).toEqual(expect.any(String));
    expect(refuseLocally(url)).toBeNull();
  });

  it.each(NEVER)("refuses %s everywhere", (url) => {
    expect(refuse(url)).toEqual(expect.any(String));
    expect(refuseLocally(url)).toEqual(expect.any(String));
  });

  it.each([
    "http://example.com/",
    "http://localhost:9999/hook",
    "http://127.0.0.1:9999/",
  ])("allows %s in local development only", (url) => {
    expect(refuse(url)).toBe("Must begin with https://.");
    expect(refuseLocally(url)).toBeNull();
  });

  it("refuses private addresses over http as well", () => {
    expect(refuseLocally("http://169.254.169.254/")).toBe("Must go to a public address.");
  });
});
