const FORMAT = new Intl.NumberFormat("en");

/** Formats a number with separators: 1,234,567. */
export function grouped(number: number): string {
  return FORMAT.format(number);
}

/** `1 record`, `12,000 records` */
export function counted(number: number, one: string, many = `${one}s`): string {
  return `${grouped(number)} ${number === 1 ? one : many}`;
}
