/** The host name for use in a URL, with an IPv6 address in brackets (RFC 3986, 3.2.2). */
export function urlHost(hostname: string): string {
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}
