export type Values = Readonly<Record<string, string>>;

/** Replaces each `{{name}}` with its value. Throws for a name without a value, and for an unused value. */
export function fill(template: string, values: Values): string {
  const unused = new Set(Object.keys(values));
  const text = template.replace(/\{\{(.*?)\}\}/g, (_, name: string) => {
    if (!Object.hasOwn(values, name)) throw new Error(`The template has no value for {{${name}}}.`);
    unused.delete(name);
    return values[name];
  });
  if (unused.size > 0) throw new Error(`The template does not use {{${[...unused].join("}}, {{")}}}.`);
  return text;
}
