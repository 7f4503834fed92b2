// A directory or file on a machine: a root by its name, and the path below it.

export interface Place {
  root: string;
  path: string;
}

export function below({ root, path }: Place, name: string): Place {
  return { root, path: path ? `${path}/${name}` : name };
}

/** The way from the root down to a place, the root first. */
export function wayTo({ root, path }: Place): { name: string; place: Place }[] {
  const names = path.split("/").filter(Boolean);
  const steps = names.map((name, at) => ({ name, place: { root, path: names.slice(0, at + 1).join("/") } }));
  return [{ name: root, place: { root, path: "" } }, ...steps];
}

/** Nothing that leads upwards or nowhere, as from an address typed by hand. */
export function tidyPath(path: string): string {
  return path
    .split("/")
    .filter((name) => name !== "" && name !== "." && name !== "..")
    .join("/");
}

/** Permission bits, given in octal, as `ls` shows them. */
export function modeText(octal: string): string {
  const mode = Number.parseInt(octal, 8) || 0;
  return [6, 3, 0]
    .map((shift) => ["r", "w", "x"].map((letter, at) => ((mode >> shift) & (4 >> at) ? letter : "-")).join(""))
    .join("");
}
