/** Whether a client accepts gzip, according to its `Accept-Encoding` (RFC 9110, section 12.5.3). */
export function acceptsGzip(header: string | undefined): boolean {
  const weights = new Map(
    (header ?? "").toLowerCase().split(",").map((part): [string, number] => {
      const [coding, ...parameters] = part.split(";").map((word) => word.trim());
      const weight = parameters.find((parameter) => parameter.startsWith("q="));
      return [coding, weight === undefined ? 1 : Number(weight.slice(2))];
    }),
  );
  return (weights.get("gzip") ?? weights.get("x-gzip") ?? weights.get("*") ?? 0) > 0;
}
