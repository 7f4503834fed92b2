import { cx } from "./cx";

interface AvatarProps {
  name: string;
  url?: string | null;
  className?: string;
}

/** Decorative: the name always stands beside it. */
export function Avatar({ name, url, className }: AvatarProps) {
  const look = cx("size-8 shrink-0 rounded-full", className);
  if (url) return <img src={url} alt="" className={cx(look, "bg-raised object-cover")} />;
  return (
    <span
      aria-hidden="true"
      className={cx(look, "grid place-items-center bg-accent-soft text-xs font-semibold text-accent")}
    >
      {initials(name)}
    </span>
  );
}

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => [...(word ?? "")][0] ?? "");
  // A thin gap keeps two Arabic letters from joining into something that reads as a word.
  return letters.filter(Boolean).join("\u200c").toUpperCase();
}
