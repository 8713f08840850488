const FORMAT = new Intl.NumberFormat("en");

/** A number as people read it: 1,234,567. */
export function grouped(number: number): string {
  return FORMAT.format(number);
}
