/** `2026-11-30 18:45` in the time zone of this machine, from a time in RFC 3339 format. */
export function localTime(iso: string): string {
  const time = new Date(iso), two = (number: number) => String(number).padStart(2, "0");
  const day = [time.getFullYear(), time.getMonth() + 1, time.getDate()].map(two).join("-");
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}`;
}
