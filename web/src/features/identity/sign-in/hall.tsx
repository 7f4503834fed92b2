// The picture beside the forms: nested arches in lapis, the product's own hall.
import { useTranslation } from "react-i18next";

const depths = [0, 1, 2, 3, 4, 5, 6];

export function Hall() {
  const { t } = useTranslation();
  return (
    <aside className="relative hidden overflow-hidden bg-[#101a5c] lg:block">
      <svg
        viewBox="0 0 600 800"
        preserveAspectRatio="xMidYMax slice"
        aria-hidden="true"
        className="absolute inset-0 size-full"
      >
        {depths.map((depth) => (
          <path key={depth} d={arch(depth)} fill={shade(depth)} />
        ))}
        <circle cx="300" cy="560" r="25" fill="#e8c170" />
        <path d="M250 680c0-46 19-78 50-78s50 32 50 78z" fill="#e8c170" />
        <path d="M0 680h600v120H0z" fill="#0a1040" />
      </svg>
      <div className="absolute inset-x-0 bottom-0 px-12 pb-9 text-[#f6f3ea]">
        <p className="max-w-md text-xl font-medium text-balance">{t("frame.line")}</p>
      </div>
    </aside>
  );
}

/** One arch, drawn deeper into the hall the higher its number. */
function arch(depth: number): string {
  const half = 330 - depth * 38;
  const spring = 330 + depth * 38;
  const top = spring - half * 1.02;
  const [left, right] = [300 - half, 300 + half];
  return `M${left} 800V${spring}C${left} ${spring - half * 0.55} ${300 - half * 0.55} ${top + half * 0.32} 300 ${top}C${300 + half * 0.55} ${top + half * 0.32} ${right} ${spring - half * 0.55} ${right} ${spring}V800z`;
}

function shade(depth: number): string {
  return ["#15216d", "#1b2a82", "#213397", "#283cab", "#2f46be", "#2a3fb0", "#111b60"][depth] ?? "#111b60";
}
