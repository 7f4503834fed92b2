/** Lines through values side by side; where nothing is known the line has a hole. A single value is a short dash. */
export function linesOf(values: (number | null)[], top: number, width: number, height: number): string[] {
  const step = width / Math.max(1, values.length);
  const paths: string[] = [];
  let points: string[] = [];
  const end = () => {
    if (points.length === 1) paths.push(`M${points[0]}h${round(Math.max(2, step / 3))}`);
    else if (points.length > 1) paths.push(`M${points.join("L")}`);
    points = [];
  };
  values.forEach((value, at) => {
    if (value === null) end();
    else points.push(`${round((at + 0.5) * step)} ${round(height - (Math.min(value, top) / top) * (height - 4))}`);
  });
  end();
  return paths;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
